# shellcheck shell=sh
# Finding Python interpreters that really run; sourced by scripts/run and scripts/test.
#
# A python3.12 on PATH may be a pyenv shim of a version that is not selected: it is there, and
# fails. So every candidate is started once before it is believed.

# python_version COMMAND: prints its version as 3.12, or fails if it does not run.
python_version() {
    "$1" -c 'import sys; print("%d.%d" % sys.version_info[:2])' 2>/dev/null
}

# python_path VERSION: prints the path of a python of that version that runs; fails without one.
python_path() {
    for candidate in "python$1" "$(pyenv root 2>/dev/null || echo "$HOME/.pyenv")"/versions/"$1"*/bin/"python$1" \
        "$HOME"/.local/share/uv/python/cpython-"$1"*/bin/"python$1"; do
        if [ "$(python_version "$candidate")" = "$1" ]; then
            "$candidate" -c 'import sys; print(sys.executable)'
            return 0
        fi
    done
    return 1
}

# any_python: prints the path of the python to use by default; says what to do and fails without
# one. $PYTHON wins, then python3 where its version is one we test, then the newest of those.
any_python() {
    if [ -n "${PYTHON:-}" ]; then
        case "$(python_version "$PYTHON")" in
            3.1[1-9]) echo "$PYTHON" && return 0 ;;
            *) echo "PYTHON=$PYTHON does not run, or is older than Python 3.11." >&2 && return 1 ;;
        esac
    fi
    case "$(python_version python3)" in
        3.1[123]) python3 -c 'import sys; print(sys.executable)' && return 0 ;;
    esac
    for version in 3.13 3.12 3.11 3.14; do
        python_path "$version" && return 0
    done
    cat >&2 <<TEXT
AeroTrack needs Python 3.11 or newer, and none was found on this machine.
Debian, Ubuntu:  sudo apt-get install python3 python3-venv
macOS:           brew install python@3.13
If it is somewhere else: PYTHON=/path/to/python3 $0
TEXT
    return 1
}

# make_venv PYTHON DIRECTORY: a virtual environment that works; a broken one is made anew.
make_venv() {
    if [ "$("$2/bin/python" -c 'import pip; print("works")' 2>/dev/null)" = works ]; then
        return 0
    fi
    rm -rf "$2"
    "$1" -m venv "$2" && return 0
    rm -rf "$2"
    echo "$1 could not make a virtual environment; on Debian and Ubuntu: sudo apt-get install python3-venv" >&2
    return 1
}

# hash_of FILE...: prints a checksum of the files' contents.
hash_of() {
    cat "$@" | cksum | tr -d ' \n'
}
