"""The tables of chapters 5 and 8 that say what requests for servers may hold."""

from __future__ import annotations

from pytest_ecs._mock.http.validation import UUID, Field

__all__ = ["CREATE", "DELETE", "LIST", "RESIZE"]

_IPV4 = r"((25[0-5]|2[0-4]\d|1?\d?\d)(\.(?!$)|$)){4}|"  # "" asks for any free address (Table 5-4)
_NIC = Field(
    "object",
    fields={  # Tables 5-4, 8-11, 8-12
        "subnet_id": Field("string", need=True, pattern=UUID),
        "ip_address": Field("string", pattern=_IPV4),
        "binding:profile": Field("object", fields={"disable_security_groups": Field("boolean")}),
        "extra_dhcp_opts": Field(
            "array",
            item=Field(
                "object",
                fields={
                    "opt_value": Field("integer", need=True, low=1280, high=8888),
                    "opt_name": Field("string", need=True, enum=("26",)),
                },
            ),
        ),
    },
)
_CLUSTER = {"cluster_type": Field("string", enum=("DSS",)), "cluster_id": Field("string")}
_VOLUME_TYPE = Field("string", need=True, enum=("SATA", "SSD"), codes={"enum": "Ecs.0043"})
_ROOT = Field(
    "object",
    need=True,
    along={"cluster_type": "cluster_id"},
    fields={  # Table 5-5
        "volumetype": _VOLUME_TYPE,
        "size": Field("integer", low=0, high=1024),
        "hw:passthrough": Field("any"),
        **_CLUSTER,
    },
)
_DATA = Field(  # Tables 5-6, 8-7
    "object",
    along={"cluster_type": "cluster_id"},
    apart=(("data_image_id", "metadata"),),
    fields={
        "volumetype": _VOLUME_TYPE,
        "size": Field("integer", need=True, low=10, high=32768),
        "hw:passthrough": Field("any"),
        "multiattach": Field("boolean"),
        "data_image_id": Field("string", pattern=UUID),
        "metadata": Field(
            "object",
            along={"__system__cmkid": "__system__encrypted"},
            fields={"__system__encrypted": Field("string", enum=("0", "1"))},
            keys=Field("string", high=255),
            values=Field("string", high=255),
        ),
        **_CLUSTER,
    },
)
_PUBLICIP = Field(
    "object",
    apart=(("id", "eip"),),
    fields={  # Tables 8-1, 8-3, 8-4
        "id": Field("string", pattern=UUID),
        "delete_on_termination": Field("boolean"),
        "eip": Field(
            "object",
            fields={
                "iptype": Field("string", need=True),
                "bandwidth": Field(
                    "object",
                    need=True,
                    fields={
                        "size": Field("integer", need=True, low=1, high=1000),
                        "sharetype": Field("string", need=True, enum=("PER", "WHOLE")),
                        # Marked mandatory, but left out in the request of 5.1.1.
                        "chargemode": Field("string", enum=("traffic",)),
                    },
                ),
            },
        ),
    },
)
_METADATA = Field(  # Tables 5-3, 8-8
    "object",
    values=Field("string", high=255),
    keys=Field("string", low=1, high=255, pattern=r"[A-Za-z0-9 _:.\-]*"),
    fields={"BYOL": Field("any", enum=("True", "False"))},
)
_SERVER = Field(
    "object",
    need=True,
    fields={  # Table 5-3
        "imageRef": Field("string", need=True),
        "flavorRef": Field("string", need=True),
        "name": Field(
            "string", need=True, low=1, high=128, pattern=r"[A-Za-z0-9_.\-]*", lifted="name-length-unchecked"
        ),
        "user_data": Field("string"),
        "adminPass": Field("string"),
        "key_name": Field("string"),
        "vpcid": Field("string", need=True, pattern=UUID),
        "nics": Field("array", need=True, low=1, high=12, item=_NIC),
        "publicip": _PUBLICIP,
        "count": Field("integer", low=1, high=500),
        "root_volume": _ROOT,
        "data_volumes": Field("array", high=59, item=_DATA, codes={"high": "Ecs.0042"}),
        "security_groups": Field("array", item=Field("object", fields={"id": Field("string")})),
        "availability_zone": Field("string"),
        "extendparam": Field("object", fields={"regionID": Field("string")}),
        "metadata": _METADATA,
        "os:scheduler_hints": Field(
            "object",
            fields={  # Table 8-9
                "group": Field("string", pattern=UUID),
                "tenancy": Field("string", enum=("dedicated", "shared")),
                "dedicated_host_id": Field("string"),
            },
        ),
        "description": Field("string", high=85, pattern=r"[^<>]*", codes={"high": "Ecs.0041", "pattern": "Ecs.0041"}),
    },
)
CREATE = Field("object", fields={"server": _SERVER, "dry_run": Field("boolean")})
LIST = Field(
    "array",
    need=True,
    low=1,
    high=1000,
    lifted="batch-size-unchecked",
    item=Field("object", fields={"id": Field("string", need=True)}),
)
DELETE = Field(
    "object",
    fields={
        "servers": LIST,
        "delete_publicip": Field("boolean|null"),
        "delete_volume": Field("boolean"),
    },
)
RESIZE = Field(
    "object",
    fields={
        "resize": Field("object", need=True, fields={"flavorRef": Field("string", need=True)}),
        "dry_run": Field("boolean"),
    },
)
