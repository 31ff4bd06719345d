# SPDX-License-Identifier: Apache-2.0
# Two jobs that append to one file: the order is theirs, and with -j1 the makefile's.
all: slow quick
slow:
	sleep 0.4; echo slow >>out/parallel-order.txt
quick:
	echo quick >>out/parallel-order.txt
