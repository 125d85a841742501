/*
 * Who holds a lock: the right line of many, and a process that really holds one.
 */
#include <fcntl.h>
#include <inttypes.h>
#include <string.h>
#include <unistd.h>

#include "base/alloc.h"
#include "cmocka_all.h"
#include "store/lock_holder.h"
#include "support/store_fixture.h"

static void test_find(void **state)
{
	(void)state;
	static const char locks[] = "1: POSIX  ADVISORY  READ  11 fe:00:77 120 120\n"
				    "2: FLOCK  ADVISORY  WRITE 12 fe:00:77 0 EOF\n"
				    "3: POSIX  ADVISORY  WRITE 13 fe:00:78 120 120\n"
				    "4: POSIX  ADVISORY  WRITE 14 fe:00:77 121 121\n"
				    "5: POSIX  ADVISORY  WRITE 15 fe:00:77 119 120\n"
				    "5: -> POSIX  ADVISORY  WRITE 16 fe:00:77 120 120\n"
				    "6: OFDLCK ADVISORY  WRITE -1 fe:00:79 0 EOF\n"
				    "7: POSIX  ADVISORY  WRITE 0 fe:00:79 0 EOF\n"
				    "8: POSIX  ADVISORY  WRITE 18 fe:00:80 5 EOF\n"
				    "9: POSIX  ADVISORY  WRITE 19 fe:00:81 x y\n"
				    "10: POSIX  ADVISORY  WRITE 20 77 120 120\n"
				    "junk\n\n"
				    "11: POSIX  ADVISORY  WRITE 21 fe:00:90 0";
	static const struct {
		uint64_t inode;
		int64_t byte, pid;
	} cases[] = {{77, 120, 15}, {77, 121, 14}, {77, 122, 0}, {77, -1, 14}, {78, 120, 13},
		{79, 120, 0}, {80, 120, 18}, {80, 4, 0}, {81, -1, 0}, {90, -1, 0}, {7, -1, 0}};

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		assert_int_equal(lock_holder_find(str_of(locks), cases[i].inode, cases[i].byte),
			cases[i].pid);
	}
	assert_int_equal(lock_holder_find(str_n("", 0), 1, -1), 0);
}

static int see_holder(struct store_tx *tx, void *arg, struct err *err)
{
	_cleanup_(freep) char *pid = xasprintf("pid %" PRId64 " (", (int64_t)getpid());
	_cleanup_(strbuf_release) struct strbuf who = STRBUF_INIT;

	(void)tx;
	(void)arg;
	(void)err;
	lock_holder_add(&who, "state.db");
	assert_ptr_equal(strstr(who.buf, pid), who.buf);
	assert_int_equal(who.buf[who.len - 1], ')');
	return 0;
}

static void test_this_process(void **state)
{
	(void)state;
	_cleanup_(strbuf_release) struct strbuf who = STRBUF_INIT;
	struct store *store;

	if (access("/proc/locks", R_OK) < 0) {
		skip_because("needs /proc/locks");
	}
	store = fixture_store(NULL);
	assert_int_equal(store_write(store, see_holder, NULL, NULL), 0);
	lock_holder_add(&who, "state.db");
	assert_string_equal(who.buf, "");
	store_close(&store);
	lock_holder_add(&who, "nowhere.db");
	assert_string_equal(who.buf, "");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_find),
		cmocka_unit_test_setup_teardown(
			test_this_process, store_folder_enter, store_folder_leave),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
