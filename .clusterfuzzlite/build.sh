#!/bin/bash -eu
exec "$SRC/smtpspec/fuzz/engines/build.sh"
