"""What the cloud has before anybody made anything: flavors, public images and a key pair."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from pytest_ecs._mock.state.records import Flavor, Image

__all__ = ["KEY", "flavors", "images"]

#: Name, public half and fingerprint of the key pair that every user has from the start.
KEY = (
    "conformance-key",
    (
        "ssh-rsa "
        "AAAAB3NzaC1yc2EAAAADAQABAAABAQCwgy06p+Pxj2//QQwZ8Mhla2ryoRN49AlttZ1uuxGZb9MbzlYOWuXzlglMcR9J9u2xaQtV"
        "gNRyJYJXlv38JYeeEmSyC1Cg4IOJNrHvah+xg21hNxyZrNOGMHNkaV9ReHXr/iPNxDSM3E482E34+NayVNWOVdIG7OukuQT6ipVD"
        "IyQSnefPyUayNAnTtnMOg+uudHSwkvx1q5kgvpjtSq+8T2/fyHSqRZHnun9sIq+IABZ+AYiHmOW6M7JxJMV8fBLfXNqTSyqrJE2M"
        "wI7kJ/Ct7s4OAGrVvDW8fTHlaN1uG9v1bUamkBxYKwTswMGQxRn80JM9endL2R8Z603bYHRF"
        " conformance\n"
    ),
    "d0:a1:d4:cf:1e:30:cd:df:1a:17:97:22:30:f1:de:60",
)


#: What only some flavors have (Table 5-41).
_GPU = {
    "cond:operation:status": "sellout",
    "pci_passthrough:enable_gpu": "true",
    "pci_passthrough:gpu_specs": "m60_1q:direct",
    "cond:operation:charge": "demand",
}
_LOCAL = {
    "cond:operation:status": "sellout",
    "quota:local_disk": "HDD:2:1675:False",
    "quota:nvme_ssd": "i3:large:1:1600:False",
    "extra_spec:io:persistent_grant": "true",
}


def flavors(zones: Sequence[str]) -> list[Flavor]:
    """Return the flavors, of which one is abandoned and one sold out somewhere."""

    def extra(generation: str, performance: str, resource: str, **more: str) -> dict[str, str]:
        return {
            "ecs:performancetype": performance,
            "resource_type": resource,
            "ecs:generation": generation,
            "ecs:virtualization_env_types": "CloudCompute",
            "instance_vnic:type": "enhanced",
            "instance_vnic:instance_bandwidth": "4000",
            "instance_vnic:max_count": "4",
            "quota:max_rate": "1500",
            "quota:min_rate": "400",
            "quota:max_pps": "150000",
            **more,
        }

    first, second = zones
    safe = {
        "cond:compute": "autorecovery",
        "cond:operation:status": "normal",
        "cond:operation:az": f"{first}(normal), {second}(normal)",
        "cond:operation:charge": "demand",
        "extra_spec:io:persistent_grant": "true",
    }
    some = {"cond:operation:status": "abandon", "cond:operation:az": f"{first}(normal), {second}(sellout)"}
    return [
        Flavor("s3.large.2", 2, 4096, extra("s3", "normal", "IOoptimizedS3_2", **safe)),
        Flavor("s3.xlarge.2", 4, 8192, extra("s3", "normal", "IOoptimizedS3_2", **safe)),
        Flavor(
            "s3.2xlarge.2", 8, 16384, extra("s3", "normal", "IOoptimizedS3_2", **{"cond:operation:status": "sellout"})
        ),
        Flavor("c3.2xlarge.2", 8, 16384, extra("c3", "computingv3", "IOoptimizedC3_2", **safe)),
        Flavor("m3.large.8", 2, 16384, extra("m3", "highmem", "IOoptimizedM3_8", **some)),
        Flavor("g1.xlarge", 4, 8192, extra("g1", "gpu", "GPUG1", **_GPU)),
        Flavor("d2.xlarge.8", 4, 32768, extra("d2", "diskintensive", "IOoptimizedD2", **_LOCAL)),
        Flavor(
            "s1.medium",
            1,
            4096,
            extra("s1", "normal", "IOoptimizedS1_1", **{"ecs:virtualization_env_types": "FusionCompute"}),
        ),
    ]


def images(identify: Callable[[], str], now: float) -> list[Image]:
    """Return the public images."""
    made = [
        Image(identify(), "Linux 64bit"),
        Image(identify(), "Windows 64bit", 50, "Windows"),
        Image(identify(), "Linux 64bit without agents", agents=False),
    ]
    for image in made:
        image.created = image.updated = now - 30 * 86400
        image.metadata = {
            "__imagetype": "gold",
            "__os_type": image.os_type,
            "__os_bit": "64",
            "__platform": image.os_type,
            "__image_source_type": "uds",
            "__isregistered": "true",
            "virtual_env_type": "FusionCompute",
        }
    return made
