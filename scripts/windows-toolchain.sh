# shellcheck shell=sh
# The targets of the program for other systems. Sourced by the scripts that build and test it.

# shellcheck disable=SC2034 # used by the scripts that source this file
windows_target=x86_64-pc-windows-gnu
# Debian's compiler for C, which links the program, too.
# shellcheck disable=SC2034
windows_cc=x86_64-w64-mingw32-gcc
# The program is not built for it here, which needs Apple's SDK, but its types are checked.
# shellcheck disable=SC2034
macos_target=x86_64-apple-darwin
# Debian installs Wine outside of PATH.
PATH=$PATH:/usr/lib/wine
