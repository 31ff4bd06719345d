// SPDX-License-Identifier: Apache-2.0
// SQLite with a write-ahead log on a database in the directory that is the first argument, by two connections.
#include <sqlite3.h>
#include <stdio.h>
#include <unistd.h>

static int row(void *context, int count, char **values, char **names)
{
	(void)context;
	for (int i = 0; i < count; i++)
		printf("%s%s=%s", i ? " " : "", names[i], values[i] ? values[i] : "NULL");
	putchar('\n');
	return 0;
}

static void run(sqlite3 *db, const char *sql)
{
	const int status = sqlite3_exec(db, sql, row, NULL, NULL);

	if (status != SQLITE_OK)
		printf("%s: %d %s\n", sql, sqlite3_extended_errcode(db), sqlite3_errmsg(db));
}

int main(int argc, char **argv)
{
	sqlite3 *one, *two;

	if (argc != 2 || chdir(argv[1]) != 0 || sqlite3_open("test.db", &one) != SQLITE_OK)
		return 2;
	run(one, "PRAGMA journal_mode = WAL");
	run(one, "CREATE TABLE t (id INTEGER PRIMARY KEY, name TEXT)");
	run(one, "BEGIN");
	run(one, "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 20000)"
		 " INSERT INTO t SELECT i, printf('row-%d', i * 7919 % 20011) FROM n");
	if (sqlite3_open("test.db", &two) != SQLITE_OK)
		return 2;
	run(two, "SELECT count(*) FROM t"); // what is committed, which is nothing
	run(two, "INSERT INTO t VALUES (0, 'busy')");
	run(one, "COMMIT");
	run(two, "SELECT count(*), max(name) FROM t");
	run(two, "INSERT INTO t VALUES (0, 'second')");
	run(one, "SELECT count(*), min(id) FROM t");
	run(one, "CREATE INDEX by_name ON t (name)");
	run(one, "SELECT id FROM t WHERE name = 'row-1234'");
	printf("close %d\n", sqlite3_close(two));
	run(one, "PRAGMA wal_checkpoint(TRUNCATE)");
	run(one, "PRAGMA integrity_check");
	printf("close %d\n", sqlite3_close(one));
	return 0;
}
