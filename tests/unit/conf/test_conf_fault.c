#include "base/alloc.h"
#include "cmocka_all.h"
#include "conf/conf_internal.h"

struct fixture {
	struct conf conf;
	struct conf_reader reader;
	struct err err;
};

static int setup(void **state)
{
	struct fixture *f = xcalloc(1, sizeof(*f));

	conf_init(&f->conf);
	conf_reader_init(&f->reader, &f->conf);
	f->reader.file = conf_file_add(&f->reader, "a.yaml", NULL, NULL);
	*state = f;
	return 0;
}

static int teardown(void **state)
{
	struct fixture *f = *state;

	conf_reader_release(&f->reader);
	conf_release(&f->conf);
	free(f);
	return 0;
}

static struct yaml_place at(uint32_t line, uint32_t column)
{
	return (struct yaml_place){line, column};
}

static void test_none(void **state)
{
	struct fixture *f = *state;

	assert_int_equal(conf_faults_finish(&f->reader, &f->err), 0);
	assert_int_equal(f->conf.errors_count, 0);
	assert_int_equal(f->err.code, ERR_NONE);
}

static void test_order(void **state)
{
	struct fixture *f = *state;

	conf_fault_in(&f->reader, 1, "b.yaml", at(1, 1), "sixth");
	conf_fault(&f->reader, at(10, 1), "fifth");
	conf_fault(&f->reader, at(9, 10), "fourth");
	conf_fault(&f->reader, at(9, 9), "%s", "second");
	conf_fault(&f->reader, at(9, 9), "third");
	conf_fault(&f->reader, at(1, 20), "first");
	conf_fault(&f->reader, at(9, 9), "third");
	assert_int_equal(conf_faults_finish(&f->reader, &f->err), -1);
	assert_string_equal(f->err.msg, "a.yaml:1:20: first (and 5 more errors)");
	assert_int_equal(f->conf.errors_count, 6);
	assert_string_equal(f->conf.errors[1], "a.yaml:9:9: second");
	assert_string_equal(f->conf.errors[2], "a.yaml:9:9: third");
	assert_string_equal(f->conf.errors[3], "a.yaml:9:10: fourth");
	assert_string_equal(f->conf.errors[4], "a.yaml:10:1: fifth");
	assert_string_equal(f->conf.errors[5], "b.yaml:1:1: sixth");
}

static void test_one_and_two(void **state)
{
	struct fixture *f = *state;

	conf_fault(&f->reader, at(1, 1), "first");
	assert_int_equal(conf_faults_finish(&f->reader, &f->err), -1);
	assert_string_equal(f->err.msg, "a.yaml:1:1: first");
	conf_fault(&f->reader, at(1, 2), "second");
	assert_int_equal(conf_faults_finish(&f->reader, &f->err), -1);
	assert_string_equal(f->err.msg, "a.yaml:1:1: first (and 1 more error)");
}

static void test_many(void **state)
{
	struct fixture *f = *state;

	for (uint32_t i = 1; i <= CONF_ERRORS_MAX + 7; i++) {
		assert_int_equal(conf_faults_are_full(&f->reader), i > CONF_ERRORS_MAX);
		conf_fault(&f->reader, at(i, 1), "bad");
		conf_warn(&f->reader, at(i, 1), "old");
	}
	assert_int_equal(conf_faults_finish(&f->reader, &f->err), -1);
	assert_int_equal(f->conf.errors_count, CONF_ERRORS_MAX);
	assert_int_equal(f->conf.errors_dropped, 7);
	assert_string_equal(f->err.msg, "a.yaml:1:1: bad (and 56 more errors)");
	assert_int_equal(f->conf.warnings_count, CONF_ERRORS_MAX);
	assert_string_equal(f->conf.warnings[0], "a.yaml:1:1: old");
	conf_error(&f->conf, NULL, "one more");
	assert_int_equal(f->conf.errors_dropped, 8);
}

static void test_long(void **state)
{
	struct fixture *f = *state;
	_cleanup_(strbuf_release) struct strbuf sb = STRBUF_INIT;

	strbuf_addn(&sb, 'x', 5000);
	conf_fault(&f->reader, at(1, 1), "%s", sb.buf);
	conf_fault(&f->reader, at(2, 1), "second");
	assert_int_equal(conf_faults_finish(&f->reader, &f->err), -1);
	assert_int_equal(strlen(f->conf.errors[0]), 5000 + strlen("a.yaml:1:1: "));
	assert_non_null(strstr(f->err.msg, "xxx (and 1 more error)"));
}

static void test_errors_of_the_caller(void **state)
{
	struct fixture *f = *state;

	conf_fault(&f->reader, at(1, 1), "first");
	(void)conf_faults_finish(&f->reader, &f->err);
	conf_error(&f->conf, "a.yaml:3:4", "names '%s' twice", "x");
	conf_error(&f->conf, NULL, "something");
	assert_int_equal(f->conf.errors_count, 3);
	assert_string_equal(f->conf.errors[1], "a.yaml:3:4: names 'x' twice");
	assert_string_equal(f->conf.errors[2], "something");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_none, setup, teardown),
		cmocka_unit_test_setup_teardown(test_order, setup, teardown),
		cmocka_unit_test_setup_teardown(test_one_and_two, setup, teardown),
		cmocka_unit_test_setup_teardown(test_many, setup, teardown),
		cmocka_unit_test_setup_teardown(test_long, setup, teardown),
		cmocka_unit_test_setup_teardown(test_errors_of_the_caller, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
