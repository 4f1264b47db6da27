import os
from datetime import date

from jobbergate_cli import appform
from jobbergate_cli.application_base import JobbergateApplicationBase
from jobbergate_cli.jobberappslib import get_file_list

import sizes


class JobbergateApplication(JobbergateApplicationBase):
    def __init__(self, jobbergate_yaml):
        super().__init__(jobbergate_yaml)
        self.here = os.getcwd()
        self.rounds = 0

    def mainflow(self, data):
        self.rounds += 1
        questions = []
        questions.append(appform.Text("jobname", "What is the jobname?", "simulation"))
        questions.append(appform.Const("release", default="12.0"))
        questions.append(
            appform.BooleanList(
                "gpu",
                message="Use GPUs?",
                default=False,
                whentrue=[
                    appform.Integer("gpus", message="GPUs a node", minval=1, maxval=8, default=1),
                    appform.BooleanList(
                        "mps",
                        message="Share them?",
                        default=False,
                        whentrue=[appform.Integer("mps_percent", message="Percent", minval=1, maxval=100, default=50)],
                    ),
                ],
                whenfalse=[
                    appform.List("memory", message="Memory", choices=[("small", 16), ("large", 256)], default="small"),
                ],
            )
        )
        questions.append(appform.Integer("cores", message="Cores", minval=1, default=64))
        data["nextworkflow"] = "compute"
        return questions

    def compute(self, data):
        self.rounds += 1
        data["nodes"] = sizes.nodes(data["cores"], self.application_config["cores_per_node"])
        data["default_template"] = "gpu.sh.j2" if data["gpu"] else "cpu.sh.j2"
        data["job_script_name"] = "{}.sh".format(data["jobname"])
        data["made_on"] = date(2024, 2, 29)
        data["shape"] = (data["nodes"], 32)
        data["rounds"] = self.rounds
        data["inputs"] = get_file_list(self.here, "*.inp")
        self.application_config["queue"] = "gpu" if data["gpu"] else "normal"
        print("computed", data["nodes"], "nodes")
        return None
