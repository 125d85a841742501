#include <sys/mman.h>

#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

#include "cmocka_all.h"
#include "loop/loop_fixture.h"

static void takes_ms(void *arg)
{
	time_fake_advance(*(const int64_t *)arg);
}

/* What a loop with this limit says on stderr about a callback that takes so long; "" if nothing. */
static void stderr_of(const char *limit_ms, int64_t takes, char *ret_text, size_t size)
{
	int kept = dup(STDERR_FILENO);
	int fd = memfd_create("stderr", MFD_CLOEXEC);
	struct loop *loop = NULL;
	struct err err;
	ssize_t n;

	assert_true(kept >= 0 && fd >= 0);
	assert_int_equal(setenv("SRE_LOOP_SLOW_MS", limit_ms, 1), 0);
	assert_int_equal(loop_new(&loop, &err), 0);
	assert_int_equal(unsetenv("SRE_LOOP_SLOW_MS"), 0);
	(void)loop_defer(loop, takes_ms, &takes);

	assert_int_equal(dup2(fd, STDERR_FILENO), STDERR_FILENO);
	assert_int_equal(loop_run(loop, &err), 0);
	assert_int_equal(dup2(kept, STDERR_FILENO), STDERR_FILENO);

	n = pread(fd, ret_text, size - 1, 0);
	assert_true(n >= 0);
	ret_text[n] = '\0';
	loop_free(&loop);
	assert_int_equal(close(kept), 0);
	assert_int_equal(close(fd), 0);
}

static void tells_callbacks_over_the_limit(void **state)
{
	static const struct {
		const char *limit_ms;
		int64_t takes_ms;
		const char *expected; /* beginning */
	} rows[] = {
		{"50", 49, ""},
		{"50", 50, "loop: a callback took 50 ms: "},
		{"50", 1234, "loop: a callback took 1234 ms: "},
		{"1", 1, "loop: a callback took 1 ms: "},
		{"0", 5000, ""},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		size_t len = strlen(rows[i].expected);
		char text[512];

		stderr_of(rows[i].limit_ms, rows[i].takes_ms, text, sizeof(text));
		assert_int_equal(strncmp(text, rows[i].expected, len), 0);
		assert_int_equal(strlen(text) > 0, len > 0);
		if (len > 0) {
			assert_non_null(strstr(text, "0x")); /* where it is */
			assert_ptr_equal(strchr(text, '\n'), text + strlen(text) - 1);
		}
	}
}

static int setup(void **state)
{
	(void)state;
	time_fake(1000, 0);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	time_fake_end();
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(tells_callbacks_over_the_limit, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
