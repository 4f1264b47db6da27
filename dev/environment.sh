#!/bin/sh
# Makes .venv and installs into it what requirements.txt pins, and the project itself. `make env` runs it when needed.
set -eu

supported() { "$1" -c 'import sys; sys.exit(not (3, 11) <= sys.version_info < (3, 14))' 2>/dev/null; }

choose_python() {
    if [ -n "${PYTHON:-}" ]; then
        candidates=$PYTHON
    else
        candidates="python3 python3.13 python3.12 python3.11"
        # A Python in root's home directory is closed to the users whose jobs run the client.
        [ "$(id -u)" -ne 0 ] || candidates="/usr/bin/python3 $candidates"
    fi
    for candidate in $candidates; do
        if supported "$candidate"; then
            command -v "$candidate"
            return
        fi
    done
    echo "Python 3.11, 3.12 or 3.13 is needed, and none is here: install one, or name it: make PYTHON=/path/to/python3." >&2
    exit 1
}

if ! supported .venv/bin/python; then
    python=$(choose_python)
    if ! "$python" -c 'import ensurepip' 2>/dev/null; then
        "$python" -m dev.packages venv
    fi
    echo "Making .venv with $("$python" --version)" >&2
    rm -rf .venv
    "$python" -m venv .venv
fi
echo "Installing what requirements.txt pins" >&2
.venv/bin/pip install -qq --disable-pip-version-check -r requirements.txt
.venv/bin/pip install -qq --disable-pip-version-check --no-deps -e .
