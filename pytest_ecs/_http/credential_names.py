"""What each field of credentials is called in clouds.yaml, and in the variables of openstackclient, the vendor's SDK and Terraform."""

from __future__ import annotations

__all__ = ["CLOUD_NAMES", "VARIABLES"]

#: Where each field stands in the ``auth`` block of clouds.yaml; the first name that has a value wins.
CLOUD_NAMES: dict[str, tuple[str, ...]] = {
    "iam": ("auth_url",),
    "domain": ("user_domain_name", "domain_name", "default_domain_name"),
    "domain_id": ("user_domain_id", "domain_id", "default_domain_id", "default_domain"),
    "username": ("username",),
    "user_id": ("user_id",),
    "password": ("password",),
    "project_id": ("project_id",),
    "project_name": ("project_name",),
    "project_domain": ("project_domain_name", "domain_name", "default_domain_name"),
    "project_domain_id": ("project_domain_id", "domain_id", "default_domain_id", "default_domain"),
    "application_id": ("application_credential_id",),
    "application_name": ("application_credential_name",),
    "application_secret": ("application_credential_secret",),
    "token": ("token",),
    "ak": ("access_key", "ak"),
    "sk": ("secret_key", "sk"),
    "security_token": ("security_token",),
}

#: Groups of variables in their order; each is taken as one source. The first name that has a value wins.
VARIABLES: tuple[tuple[str, dict[str, tuple[str, ...]]], ...] = (
    (
        "OS_* variables",
        {
            "iam": ("OS_AUTH_URL",),
            "username": ("OS_USERNAME",),
            "user_id": ("OS_USER_ID",),
            "password": ("OS_PASSWORD",),
            "project_name": ("OS_PROJECT_NAME", "OS_TENANT_NAME"),
            "project_id": ("OS_PROJECT_ID", "OS_TENANT_ID"),
            "domain": ("OS_USER_DOMAIN_NAME", "OS_DOMAIN_NAME", "OS_DEFAULT_DOMAIN_NAME"),
            "domain_id": ("OS_USER_DOMAIN_ID", "OS_DOMAIN_ID", "OS_DEFAULT_DOMAIN_ID", "OS_DEFAULT_DOMAIN"),
            "project_domain": ("OS_PROJECT_DOMAIN_NAME", "OS_DOMAIN_NAME", "OS_DEFAULT_DOMAIN_NAME"),
            "project_domain_id": ("OS_PROJECT_DOMAIN_ID", "OS_DOMAIN_ID", "OS_DEFAULT_DOMAIN_ID", "OS_DEFAULT_DOMAIN"),
            "application_id": ("OS_APPLICATION_CREDENTIAL_ID",),
            "application_name": ("OS_APPLICATION_CREDENTIAL_NAME",),
            "application_secret": ("OS_APPLICATION_CREDENTIAL_SECRET",),
            "token": ("OS_TOKEN", "OS_AUTH_TOKEN"),
            "region": ("OS_REGION_NAME",),
            "interface": ("OS_INTERFACE", "OS_ENDPOINT_TYPE"),
            "ca_file": ("OS_CACERT",),
            "certificate": ("OS_CERT",),
            "key": ("OS_KEY",),
        },
    ),
    (
        "HUAWEICLOUD_SDK_* variables",
        {
            "ak": ("HUAWEICLOUD_SDK_AK",),
            "sk": ("HUAWEICLOUD_SDK_SK",),
            "project_id": ("HUAWEICLOUD_SDK_PROJECT_ID",),
            "domain_id": ("HUAWEICLOUD_SDK_DOMAIN_ID",),
            "security_token": ("HUAWEICLOUD_SDK_SECURITY_TOKEN",),
            "iam": ("HUAWEICLOUD_SDK_IAM_ENDPOINT",),
        },
    ),
    (
        "HW_* variables",
        {
            "ak": ("HW_ACCESS_KEY",),
            "sk": ("HW_SECRET_KEY",),
            "security_token": ("HW_SECURITY_TOKEN",),
            "username": ("HW_USER_NAME",),
            "password": ("HW_PASSWORD", "HW_USER_PASSWORD"),
            "project_id": ("HW_PROJECT_ID",),
            "project_name": ("HW_PROJECT_NAME",),
            "domain": ("HW_DOMAIN_NAME",),
            "domain_id": ("HW_DOMAIN_ID",),
            "iam": ("HW_AUTH_URL",),
            "region": ("HW_REGION_NAME", "HW_REGION"),
        },
    ),
)
