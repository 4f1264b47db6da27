from jobbergate_cli.subapps.applications.application_base import JobbergateApplicationBase
from jobbergate_cli.subapps.applications.questions import BooleanList, Checkbox, Confirm, Integer, List, Text


class JobbergateApplication(JobbergateApplicationBase):
    def mainflow(self, data=None):
        return [
            List("nextworkflow", "What is it?", choices=[("A sweep", "sweep"), ("One run", "one")], default="one"),
            Confirm("verbose", "Verbose?", default=True),
        ]

    def sweep(self, data=None):
        data["nextworkflow"] = "ending"
        return [Integer("points", "Points?", minval=2, default=10), Checkbox("over", "Over what?", ["x", "y", "z"])]

    def one(self, data=None):
        data["nextworkflow"] = "ending"
        return [
            BooleanList(
                "restart",
                "Go on?",
                default=False,
                whentrue=[Text("state", "From what?", default="last"), Integer("step", "Which step?", default=0)],
                whenfalse=[Text("name", "Its name?", default="new"), Integer("step", "Which step?", default=0)],
            )
        ]

    def ending(self, data=None):
        questions = []
        if not data["verbose"]:
            questions.append(Text("quietly", "Say what?", default="nothing"))
        if data.get("over") and "x" in data["over"] and data["verbose"]:
            questions.append(Text("why", "Why x?", default="because"))
        return questions
