#!/usr/bin/env bash
# program.sh SECONDS FOLDERS PROGRAM...: cargo's runner for a test program, which cargo starts in its crate's folder. One
# that hangs is ended after so many seconds; one of another crate than those is not run, unless there are none (what is
# chosen with -p is built with other features, which is everything once more).
patience=$1 folders=$2
shift 2
case " $folders " in
  "  " | *" ${PWD##*/} "*) exec timeout --foreground --verbose --kill-after=10 "$patience" "$@" ;;
esac
