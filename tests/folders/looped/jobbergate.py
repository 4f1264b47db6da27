from jobbergate_cli import appform
from jobbergate_cli.application_base import JobbergateApplicationBase


class JobbergateApplication(JobbergateApplicationBase):
    def mainflow(self, data):
        data["values"] = []
        data["nextworkflow"] = "ask"
        return []

    def ask(self, data):
        data["nextworkflow"] = "keep"
        return [
            appform.Text("value", message="Next value", default=str(len(data["values"]) + 1)),
            appform.Confirm("more", message="One more?", default=False),
        ]

    def keep(self, data):
        data["values"].append(data["value"])
        if data["more"]:
            data["nextworkflow"] = "ask"
