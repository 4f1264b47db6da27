#!/bin/bash
#SBATCH --array=0-{{ data["values"] | length - 1 }}
values=({{ data["values"] | join(" ") }})
echo "${values[$SLURM_ARRAY_TASK_ID]}"
