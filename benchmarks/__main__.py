"""python -m dev.postgres run -- python -m benchmarks    (or `make bench`): all measurements but the servers' choice"""

from benchmarks import api, cli, rendering, scripts
from benchmarks.database import prepared

if __name__ == "__main__":
    cli.main()
    with prepared():
        rendering.main()
        api.main()
        # Last: it leaves a million rows.
        scripts.main()
