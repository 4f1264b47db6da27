from jobbergate_cli import appform
from jobbergate_cli.application_base import JobbergateApplicationBase


class JobbergateApplication(JobbergateApplicationBase):
    def __init__(self, jobbergate_yaml):
        super().__init__(jobbergate_yaml)
        self.jobbergate_config["made_with"] = "everything"

    def mainflow(self, data):
        data["nextworkflow"] = "resources"
        return [
            appform.Text("case", "Which case?", "wing"),
            appform.Text(variablename="remark", message="A remark?"),
            appform.Directory("workdir", "Where to?", None, "/tmp"),
            appform.Directory(variablename="source", message="Where from?", default="/"),
            appform.File("mesh", "Which mesh?", exists=False, default="/nonexistent/mesh"),
            appform.File(variablename="log", message="Which log?", exists=None),
            appform.Const("release", default="12.0"),
            appform.Const(variablename="sizes", default=[1, 2]),
        ]

    def resources(self, data):
        partitions = self.application_config["partitions"]
        self.application_config["site"] = "north"
        data["nextworkflow"] = "ending"
        return [
            appform.List("partition", "Partition?", partitions, partitions[0]),
            appform.List(variablename="memory", message="Memory?", choices=[("small", 16), ("large", 256)], default=16),
            appform.Checkbox("modules", "Modules?", ["gcc/12", ("MPI", "openmpi/4"), "python"], ["gcc/12"]),
            appform.Integer("nodes", "Nodes?", 1, 64, 2),
            appform.Integer(variablename="tasks", message="Tasks a node?", minval=0, maxval=None, default=0),
            appform.BooleanList(
                "gpu",
                "GPUs?",
                [
                    appform.Integer("gpus", "GPUs a node?", 1, 8, 1),
                    appform.BooleanList(
                        variablename="mps",
                        message="Share them?",
                        default=False,
                        whentrue=[appform.Integer("percent", message="Percent?", minval=1, maxval=100, default=50)],
                        whenfalse=None,
                    ),
                ],
                [appform.Confirm("avx", "AVX?", True)],
                False,
            ),
        ]

    def ending(self, data):
        questions = [appform.Confirm(variablename="mail", message="Mail at the end?", default=False)]
        if data["partition"] == "long":
            questions.append(appform.Integer("hours", "Hours?", minval=1, maxval=168, default=24))
        if "python" in data["modules"]:
            questions.append(appform.Text("environment", "Which environment?", default="base"))
        return questions
