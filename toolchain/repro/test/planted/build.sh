#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Makes one file in out/ for each kind of non-determinism that the report must find and name (test/planted.test.ts),
# and some that have none.
set -eu
mkdir -p out tmp
cc="${CC:-gcc-12}"

# path
$cc -c -O1 "$PWD/src/where.c" -o out/path-file-macro.o
$cc -c -O1 -g src/plain.c -o out/path-debug.o
echo "{\"name\":\"x\",\"paths\":{\"root\":\"$PWD\"}}" >out/path-in-json.json
echo "scratch $TMPDIR" >out/path-of-tmp.txt

# clock
env -u SOURCE_DATE_EPOCH $cc -c -O1 src/when.c -o out/clock-macro.o
date -u +%Y-%m-%d >out/clock-day.txt
node -p 'new Date().getUTCFullYear()' >out/clock-node.txt

# times of files, in archives
echo data >tmp/data
chmod 644 tmp/data
tar --format=ustar --owner=0 --group=0 --numeric-owner -C tmp -cf out/mtime.tar data
gzip -c tmp/data >out/mtime.gz
$cc -c -O1 src/plain.c -o tmp/plain.o
chmod 644 tmp/plain.o
ar rcU out/mtime.a tmp/plain.o

# random
$cc -O1 src/main.c -o out/build-id.elf -Wl,--build-id=uuid -Wl,-s
node -p 'Math.random()' >out/random.txt
od -An -N16 -tx1 /dev/urandom >out/random.bin

# the order of directories
ls -U src >out/order.txt
ar rcD out/order.a $(find many -type f)

# locale, time zone
node -p '["z", "ä", "a"].sort((a, b) => a.localeCompare(b, process.env.LC_ALL.slice(0, 2).replace("C.", "en"))).join(" ")' >out/locale.txt
date -d @1577836800 +%H:%M >out/timezone.txt

# who and where
echo "built by $(id -un) $USER" >out/user.txt
touch -d @0 tmp/owned
chmod 644 tmp/owned
tar --format=ustar --numeric-owner -C tmp -cf out/user.tar owned
uname -n >out/host.txt
echo "$HOME" >out/environment.txt
touch -d @0 tmp/data
rm -f tmp/mode
echo mode >tmp/mode
touch -d @0 tmp/mode
tar --format=ustar --owner=0 --group=0 --numeric-owner -C tmp -cf out/umask.tar mode

# CPUs: how many, what they can
make -s -f src/race.mk
nproc >out/parallelism.txt
$cc -O1 src/cpu.c -o tmp/cpu
tmp/cpu >out/cpu.txt
node --version >out/node.txt

# nothing wrong with these
$cc -c -O1 src/plain.c -o out/same.o
LC_ALL=C ls src | LC_ALL=C sort >out/same.txt
gzip -nc tmp/data >out/same.gz
tar --format=ustar --sort=name --mtime=@0 --owner=0 --group=0 --numeric-owner --mode=644 -C tmp -cf out/same.tar data
