"""What is asked for a run of the solver. The second step's default follows from the answers of the first."""

from jobbergate_cli.appform import BooleanList, Integer, Text
from jobbergate_cli.application_base import JobbergateApplicationBase


class JobbergateApplication(JobbergateApplicationBase):
    def mainflow(self, data):
        data["nextworkflow"] = "time"
        return [
            Integer("nodes", "How many nodes?", minval=1, maxval=64, default=1),
            Integer("tasks_per_node", "How many processes on each?", minval=1, maxval=128, default=4),
            Integer("points", "How many points has the rod?", minval=16, maxval=1_000_000, default=200),
            Text("partition", "Partition? (empty for Slurm's default)", default=""),
        ]

    def time(self, data):
        config = self.application_config
        spacing = config["length"] / (data["points"] + 1)
        data["time_step"] = config["safety"] * spacing**2 / config["diffusivity"]
        data["ranks"] = data["nodes"] * data["tasks_per_node"]
        data["job_script_name"] = f"Heat, {data['points']} points on {data['ranks']} ranks"
        return [
            Integer("steps", f"How many steps of {data['time_step']:.3g} s?", minval=1, default=3000),
            BooleanList(
                "snapshots",
                "Write the temperature on the way, too?",
                default=True,
                whentrue=[Integer("snapshot_count", "How often?", minval=1, maxval=1000, default=5)],
            ),
            Integer("minutes", "How many minutes may it take?", minval=1, maxval=1440, default=5),
        ]
