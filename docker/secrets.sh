#!/bin/sh
# Makes the secrets that the compose files name, in the folder `secrets` beside this file (or the one that is given). What is there
# stays as it is, so it may be run again. Needs nothing but a POSIX system.
#
# The folder is closed to everybody but you and root. The files in it are not, because an engine shows each container its own
# files with the rights that they have here, and the users in the containers are others than you.
set -eu
folder=${1:-$(dirname "$0")/secrets}
umask 077
mkdir -p "$folder"
chmod 700 "$folder"

random() { od -An -v -tx1 -N32 /dev/urandom | tr -d ' \n'; }

# make <name> <text>: written beside and renamed, so that a file is whole or not there.
make() {
  if [ -e "$folder/$1" ]; then return; fi
  printf '%s\n' "$2" > "$folder/.$1"
  chmod 444 "$folder/.$1"
  mv "$folder/.$1" "$folder/$1"
  echo "made $folder/$1"
}

make master-key "$(random)"
make admin-key "habeas_$(random)"
# For compose.cluster.yaml.
make eventstoredb-admin-password "$(random)"
make eventstoredb-ops-password "$(random)"
make log "esdb://habeas:$(random)@eventstoredb1:2113,eventstoredb2:2113,eventstoredb3:2113?tlsCAFile=/authority/ca.crt"
make postgres-password "$(random)"
make keys "postgres://habeas:$(cat "$folder/postgres-password")@postgres:5432/habeas"
echo "Keep a copy of $folder/master-key where no backup is: without it nothing that is sealed can be read again."
