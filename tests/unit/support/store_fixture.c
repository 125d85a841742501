/*
 * Stores for tests.  See store_fixture.h.
 */
#include "support/store_fixture.h"

#include <dirent.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cmocka_all.h"
#include "store/sqlite_internal.h"

static char folder[64];

/* In memory if there is such a place: there is much to be synced, and no power that can fail. */
int store_folder_enter(void **state)
{
	(void)state;
	(void)snprintf(folder, sizeof(folder), "%s/test_store.XXXXXX",
		access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp");
	return mkdtemp(folder) && chdir(folder) == 0 ? 0 : -1;
}

static void remove_all(const char *path)
{
	DIR *dir = opendir(path);

	for (struct dirent *entry; dir && (entry = readdir(dir));) {
		char name[512];

		if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0) {
			continue;
		}
		(void)snprintf(name, sizeof(name), "%s/%s", path, entry->d_name);
		if (unlink(name) < 0) {
			remove_all(name);
			(void)rmdir(name);
		}
	}
	if (dir) {
		(void)closedir(dir);
	}
}

int store_folder_leave(void **state)
{
	(void)state;
	remove_all(".");
	return chdir("/") == 0 ? rmdir(folder) : -1;
}

struct store *fixture_store(const char *path)
{
	const struct store_options options = {.path = path ? path : "state.db", .busy_ms = 5000};
	struct store *store = NULL;
	struct err err = {0};

	if (store_open(&options, &store, &err) < 0) {
		fail_msg("%s", err.msg);
	}
	return store;
}

void assert_open_fails(
	const struct store_options *options, enum err_code code, const char *const words[])
{
	struct store *store = NULL;
	struct err err = {0};

	assert_int_equal(store_open(options, &store, &err), -1);
	assert_null(store);
	for (; *words; words++) {
		if (!strstr(err.msg, *words)) {
			fail_msg("no '%s' in: %s", *words, err.msg);
		}
	}
	if (err.code != code) {
		fail_msg("code %d, not %d: %s", (int)err.code, (int)code, err.msg);
	}
}

static int exec(struct store_tx *tx, void *arg, struct err *err)
{
	return store_exec(tx->store, arg, err);
}

void fixture_exec(struct store *store, const char *sql)
{
	struct err err = {0};

	if (store_write(store, exec, (void *)(uintptr_t)sql, &err) < 0) {
		fail_msg("%s", err.msg);
	}
}

int64_t fixture_int(struct store *store, const char *sql)
{
	struct err err = {0};
	int64_t value = -1;

	if (store_exec_int(store, sql, &value, &err) < 0) {
		fail_msg("%s", err.msg);
	}
	return value;
}
