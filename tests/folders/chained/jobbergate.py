from jobbergate_cli.subapps.applications.application_base import JobbergateApplicationBase
from jobbergate_cli.subapps.applications.questions import Checkbox, Confirm, Directory, Integer, List, Text


class JobbergateApplication(JobbergateApplicationBase):
    def mainflow(self, data=None):
        if data is None:
            data = dict()
        data["nextworkflow"] = "resources"
        return [
            Text("job_name", message="Name of the job", default="chained"),
            Text("remark", message="Remark (may stay empty)"),
        ]

    def resources(self, data=None):
        if data is None:
            data = dict()
        data["nextworkflow"] = "finish"
        return [
            List(
                "partition",
                message="Partition",
                choices=[
                    tuple(entry) if isinstance(entry, list) else entry
                    for entry in self.application_config["partitions"]
                ],
                default="debug",
            ),
            Integer(
                "nodes",
                message="Number of nodes",
                minval=1,
                maxval=64,
                default=self.application_config["default_nodes"],
            ),
            Checkbox(
                "modules", message="Modules to load", choices=["gcc/12", "openmpi/4", "python/3.11"], default=["gcc/12"]
            ),
        ]

    def finish(self, data=None):
        if data is None:
            data = dict()
        data["tasks"] = data["nodes"] * 16
        return [
            Confirm("mail", message="Mail at the end?", default=False),
            Directory("workdir", message="Working directory", default="/tmp/{}".format(data["job_name"])),
        ]
