/*
 * Memory that is there, and locals that own.
 */
#include <sys/wait.h>

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/vec.h"
#include "cmocka_all.h"

static void test_nothing_is_something(void **state)
{
	(void)state;
	char *block = xmalloc(0);

	assert_non_null(block);
	block = xrealloc(block, 0);
	assert_non_null(block);
	block = xreallocarray(block, 0, 8);
	assert_non_null(block);
	free(block);
	block = xcalloc(0, 0);
	assert_non_null(block);
	free(block);
}

static void test_strings(void **state)
{
	(void)state;
	_cleanup_(freep) char *whole = xstrdup("abcdef");
	_cleanup_(freep) char *part = xstrndup("abcdef", 3);
	_cleanup_(freep) char *text = xasprintf("%s-%02d", "web", 7);

	assert_string_equal(whole, "abcdef");
	assert_string_equal(part, "abc");
	assert_string_equal(text, "web-07");
}

static void test_zeroed(void **state)
{
	(void)state;
	static const char zeros[64];
	_cleanup_(freep) char *block = xcalloc(8, 8);

	assert_memory_equal(block, zeros, sizeof(zeros));
}

/* How a process ends that asks for more than there is. */
static int end_of(void (*ask)(void))
{
	int status = 0;
	pid_t pid = fork();

	assert_true(pid >= 0);
	if (pid == 0) {
		int null = open("/dev/null", O_WRONLY | O_CLOEXEC);

		(void)dup2(null, STDERR_FILENO);
		(void)signal(SIGABRT, SIG_DFL); /* cmocka would take it for its own */
		ask();
		_exit(0);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	return status;
}

static void ask_overflow(void)
{
	volatile size_t count = SIZE_MAX / 4;

	free(xreallocarray(NULL, count, 8));
}

static void test_no_memory_is_the_end(void **state)
{
	(void)state;
	int status = end_of(ask_overflow);

	/* A sanitizer may end it first, in its own way. */
	assert_true(WIFSIGNALED(status) || WEXITSTATUS(status) != 0);
}

static void test_take(void **state)
{
	(void)state;
	char *first = xstrdup("a");
	char *second = TAKE(first);

	assert_null(first);
	assert_string_equal(second, "a");
	freep(&second);

	int fd = 7;
	int other = TAKE_FD(fd);

	assert_int_equal(fd, -1);
	assert_int_equal(other, 7);
}

static void test_closep(void **state)
{
	(void)state;
	int fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
	const int none = -1;

	assert_true(fd >= 0);
	errno = EDOM;
	closep(&fd);
	closep(&none);
	assert_int_equal(errno, EDOM);
	assert_int_equal(fcntl(fd, F_GETFD), -1);
	assert_int_equal(errno, EBADF);
}

static void test_fclosep(void **state)
{
	(void)state;
	_cleanup_(fclosep) FILE *none = NULL;
	_cleanup_(fclosep) FILE *file = fopen("/dev/null", "re");

	assert_null(none);
	assert_non_null(file);
}

struct numbers {
	int *items;
	size_t items_count, items_alloc;
};

static void test_vec(void **state)
{
	(void)state;
	struct numbers numbers = {0};

	for (int i = 0; i < 1000; i++) {
		int *item = VEC_PUSH(&numbers, items);

		assert_int_equal(*item, 0);
		*item = i;
	}
	assert_int_equal(numbers.items_count, 1000);
	for (int i = 0; i < 1000; i++) {
		assert_int_equal(numbers.items[i], i);
	}
	free(numbers.items);
}

static void test_vec_in_arena(void **state)
{
	(void)state;
	struct arena *arena = arena_new();
	struct numbers numbers = {0};

	for (int i = 0; i < 1000; i++) {
		int *item = VEC_PUSH_IN(arena, &numbers, items);

		assert_int_equal(*item, 0);
		*item = i;
	}
	for (int i = 0; i < 1000; i++) {
		assert_int_equal(numbers.items[i], i);
	}
	arena_free(arena);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_nothing_is_something),
		cmocka_unit_test(test_strings),
		cmocka_unit_test(test_zeroed),
		cmocka_unit_test(test_no_memory_is_the_end),
		cmocka_unit_test(test_take),
		cmocka_unit_test(test_closep),
		cmocka_unit_test(test_fclosep),
		cmocka_unit_test(test_vec),
		cmocka_unit_test(test_vec_in_arena),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
