#include <sys/eventfd.h>
#include <sys/resource.h>
#include <sys/socket.h>

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "cmocka_all.h"
#include "loop/loop_fixture.h"

/* A watched descriptor that says what it was told: its letter, then r, w and e. */
struct watch {
	struct fixture *fixture;
	char letter;
	int fd;
	struct io *io;
	int calls_left; /* frees itself after so many */
	struct watch *frees;
	struct watch *silences;
	struct watch
		*replaces; /* frees and closes it, and watches a new eventfd of the same number */
};

static void watch_told(void *arg, unsigned events);

static int eventfd_new(unsigned value)
{
	int fd = eventfd(value, EFD_CLOEXEC | EFD_NONBLOCK);

	assert_true(fd >= 0);
	return fd;
}

static void watch_start(struct watch *watch, struct fixture *fixture, char letter, unsigned value)
{
	*watch = (struct watch){
		.fixture = fixture, .letter = letter, .fd = eventfd_new(value), .calls_left = 1};
	watch->io = io_add(fixture->loop, watch->fd, IO_READ, watch_told, watch);
}

static void watch_end(struct watch *watch)
{
	io_free(&watch->io);
	assert_null(watch->io);
	if (watch->fd >= 0) {
		assert_int_equal(close(watch->fd), 0);
		watch->fd = -1;
	}
}

static void watch_replace(struct watch *watch)
{
	struct fixture *fixture = watch->fixture;
	int old_fd = watch->fd;

	watch_end(watch);
	watch_start(watch, fixture, '!', 0);
	assert_int_equal(watch->fd, old_fd);
	io_set_background(watch->io, true);
}

static void watch_told(void *arg, unsigned events)
{
	struct watch *watch = arg;

	strbuf_addc(&watch->fixture->happened, watch->letter);
	strbuf_adds(&watch->fixture->happened, events & IO_READ ? "r" : "");
	strbuf_adds(&watch->fixture->happened, events & IO_WRITE ? "w" : "");
	strbuf_adds(&watch->fixture->happened, events & IO_ERROR ? "e" : "");
	if (watch->frees) {
		watch_end(watch->frees);
	}
	if (watch->silences) {
		io_set(watch->silences->io, 0);
	}
	if (watch->replaces) {
		watch_replace(watch->replaces);
	}
	if (--watch->calls_left == 0) {
		io_free(&watch->io);
	}
}

static void tells_what_is_ready_until_it_is_not(void **state)
{
	struct fixture *fixture = *state;
	struct watch a;

	watch_start(&a, fixture, 'a', 1);
	a.calls_left = 3; /* level-triggered */
	run(fixture);
	assert_string_equal(fixture->happened.buf, "ararar");
	watch_end(&a);
}

static void tells_only_what_was_asked(void **state)
{
	static const struct {
		unsigned asked;
		const char *expected;
	} rows[] = {{IO_READ, "ar"}, {IO_WRITE, "aw"}, {IO_READ | IO_WRITE, "arw"}};
	struct fixture *fixture = *state;

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct watch a;

		strbuf_clear(&fixture->happened);
		watch_start(&a, fixture, 'a', 1);
		io_set(a.io, rows[i].asked);
		run(fixture);
		assert_string_equal(fixture->happened.buf, rows[i].expected);
		watch_end(&a);
	}
}

static void hang_up_is_always_told(void **state)
{
	struct fixture *fixture = *state;
	struct watch a = {.fixture = fixture, .letter = 'a', .calls_left = 1};
	int fds[2];

	assert_int_equal(pipe2(fds, O_CLOEXEC | O_NONBLOCK), 0);
	assert_int_equal(close(fds[0]), 0);
	a.fd = fds[1];
	a.io = io_add(fixture->loop, a.fd, IO_READ, watch_told, &a);
	run(fixture);
	assert_string_equal(fixture->happened.buf, "ae");
	watch_end(&a);
}

static void stop(void *arg)
{
	struct fixture *fixture = arg;

	loop_stop(fixture->loop);
}

static void silent_io_tells_nothing_and_holds_nothing(void **state)
{
	struct fixture *fixture = *state;
	struct watch a = {.fixture = fixture, .letter = 'a', .calls_left = 1};
	struct timer *timer;
	int fds[2];

	assert_int_equal(pipe2(fds, O_CLOEXEC | O_NONBLOCK), 0);
	assert_int_equal(close(fds[1]), 0);
	a.fd = fds[0];
	a.io = io_add(fixture->loop, a.fd, 0, watch_told, &a);
	run(fixture); /* at an end at once */
	io_set(a.io, IO_READ);
	io_set(a.io, 0);
	timer = timer_add(fixture->loop, 2, stop, fixture);
	run(fixture);
	assert_string_equal(fixture->happened.buf, ""); /* not even that the other end is gone */
	io_set(a.io, IO_READ);
	run(fixture);
	assert_string_equal(fixture->happened.buf, "ae");
	timer_free(&timer);
	watch_end(&a);
}

static void background_io_does_not_hold_the_loop(void **state)
{
	struct fixture *fixture = *state;
	struct watch a;

	watch_start(&a, fixture, 'a', 0);
	io_set_background(a.io, true);
	run(fixture);
	io_set(a.io, 0);
	io_set(a.io, IO_READ);
	run(fixture);
	assert_int_equal(eventfd_write(a.fd, 1), 0);
	io_set_background(a.io, false);
	run(fixture);
	assert_string_equal(fixture->happened.buf, "ar");
	watch_end(&a);
}

/* Both are ready in one batch; whichever comes first frees the other. */
static void frees_another_of_the_same_batch(void **state)
{
	struct fixture *fixture = *state;
	struct watch a, b;

	watch_start(&a, fixture, 'x', 1);
	watch_start(&b, fixture, 'x', 1);
	a.frees = &b;
	b.frees = &a;
	run(fixture);
	assert_string_equal(fixture->happened.buf, "xr");
	watch_end(&a);
	watch_end(&b);
}

static void silences_another_of_the_same_batch(void **state)
{
	struct fixture *fixture = *state;
	struct watch a, b;

	watch_start(&a, fixture, 'x', 1);
	watch_start(&b, fixture, 'x', 1);
	a.silences = &b;
	b.silences = &a;
	run(fixture);
	assert_string_equal(fixture->happened.buf, "xr");
	watch_end(&a);
	watch_end(&b);
}

/* The stale event of the batch must not reach the new owner of the number, nor of the slot. */
static void drops_the_event_of_a_descriptor_that_came_back(void **state)
{
	struct fixture *fixture = *state;
	struct watch a, b;
	struct timer *timer;

	watch_start(&a, fixture, 'x', 1);
	watch_start(&b, fixture, 'x', 1);
	a.replaces = &b;
	b.replaces = &a;
	timer = timer_add(fixture->loop, 2, stop, fixture);
	run(fixture);
	assert_string_equal(fixture->happened.buf, "xr");
	timer_free(&timer);
	watch_end(&a);
	watch_end(&b);
}

static void free_sees_no_more_events_while_a_copy_is_open(void **state)
{
	struct fixture *fixture = *state;
	struct watch a;
	struct timer *timer;
	int copy;

	/* As in a child between fork and exec: the open file outlives our descriptor. */
	watch_start(&a, fixture, 'a', 1);
	copy = fcntl(a.fd, F_DUPFD_CLOEXEC, 0);
	assert_true(copy >= 0);
	watch_end(&a);
	timer = timer_add(fixture->loop, 2, stop, fixture);
	run(fixture);
	assert_string_equal(fixture->happened.buf, "");
	timer_free(&timer);
	assert_int_equal(close(copy), 0);
}

static void finds_a_number_that_was_closed_and_opened_behind_its_back(void **state)
{
	struct fixture *fixture = *state;
	struct watch a;
	int fd;

	watch_start(&a, fixture, 'a', 0);
	assert_int_equal(close(a.fd), 0);
	fd = eventfd_new(1);
	assert_int_equal(fd, a.fd);
	io_set(a.io, IO_READ | IO_WRITE);
	run(fixture);
	assert_string_equal(fixture->happened.buf, "arw");
	watch_end(&a);
}

static void free_after_close_is_harmless(void **state)
{
	struct fixture *fixture = *state;
	struct watch a;

	watch_start(&a, fixture, 'a', 0);
	assert_int_equal(close(a.fd), 0);
	a.fd = -1;
	watch_end(&a);
	run(fixture);
	assert_string_equal(fixture->happened.buf, "");
}

struct fan {
	struct fixture *fixture;
	struct timer *timer;
	int told, timers_fired, most_between_timers, between_timers;
};

struct fan_one {
	struct fan *fan;
	struct io *io;
	int fd;
};

static void fan_told(void *arg, unsigned events)
{
	struct fan_one *one = arg;

	assert_int_equal(events, IO_READ);
	one->fan->told++;
	one->fan->between_timers++;
	io_free(&one->io);
	(void)close(one->fd);
}

static void fan_timer(void *arg)
{
	struct fan *fan = arg;

	if (fan->between_timers > fan->most_between_timers) {
		fan->most_between_timers = fan->between_timers;
	}
	fan->between_timers = 0;
	fan->timers_fired++;
	timer_set(fan->timer, 0);
}

/* As many as we may have, up to 20,000; all ready at once. */
static void a_wide_fan_does_not_starve_timers(void **state)
{
	struct fixture *fixture = *state;
	struct fan fan = {.fixture = fixture};
	struct rlimit limit;
	struct fan_one *ones;
	int count;

	assert_int_equal(getrlimit(RLIMIT_NOFILE, &limit), 0);
	limit.rlim_cur = limit.rlim_max;
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &limit), 0);
	count = limit.rlim_cur < 20100 ? (int)limit.rlim_cur - 100 : 20000;
	ones = xcalloc((size_t)count, sizeof(*ones));
	for (int i = 0; i < count; i++) {
		ones[i] = (struct fan_one){.fan = &fan, .fd = eventfd_new(1)};
		ones[i].io = io_add(fixture->loop, ones[i].fd, IO_READ, fan_told, &ones[i]);
	}
	fan.timer = timer_add(fixture->loop, 0, fan_timer, &fan);
	timer_set_background(fan.timer, true);
	run(fixture);
	assert_int_equal(fan.told, count);
	assert_in_range(fan.most_between_timers, 1, 1000);
	assert_true(fan.timers_fired >= count / 1000);
	timer_free(&fan.timer);
	free(ones);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		fixture_test(tells_what_is_ready_until_it_is_not),
		fixture_test(tells_only_what_was_asked),
		fixture_test(hang_up_is_always_told),
		fixture_test(silent_io_tells_nothing_and_holds_nothing),
		fixture_test(background_io_does_not_hold_the_loop),
		fixture_test(frees_another_of_the_same_batch),
		fixture_test(silences_another_of_the_same_batch),
		fixture_test(drops_the_event_of_a_descriptor_that_came_back),
		fixture_test(free_sees_no_more_events_while_a_copy_is_open),
		fixture_test(finds_a_number_that_was_closed_and_opened_behind_its_back),
		fixture_test(free_after_close_is_harmless),
		fixture_test(a_wide_fan_does_not_starve_timers),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
