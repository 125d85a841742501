#include "check/fake_kind.h"

struct fake_run {
	struct check_run *run;
	struct timer *timer;
	bool is_running;
};

static void fake_end(void *arg)
{
	struct fake_run *fake = arg;
	const struct fake_opts *opts = fake->run->opts;

	check_value_add(&fake->run->result, "load_percent", UNIT_PERCENT, 42);
	check_value_add_instance(&fake->run->result, "disk_percent", "/a", UNIT_PERCENT, 50);
	check_value_add_instance(&fake->run->result, "disk_percent", "/b", UNIT_PERCENT, 90);
	check_value_add(&fake->run->result, "disk_percent", UNIT_PERCENT, 90);
	if (opts->seen->started <= opts->fails) {
		check_done(fake->run, CHECK_CRITICAL, CODE_CONNECTION_REFUSED, "refused");
	} else {
		check_done(fake->run, CHECK_OK, CODE_OK, "fine");
	}
}

static void fake_start(struct check_run *run)
{
	const struct fake_opts *opts = run->opts;
	struct fake_run *fake = arena_alloc(run->arena, sizeof(*fake));

	fake->run = run;
	fake->is_running = true;
	run->state = fake;
	opts->seen->started++;
	opts->seen->running++;
	if (opts->seen->running > opts->seen->running_max) {
		opts->seen->running_max = opts->seen->running;
	}
	if (opts->delay_ms == 0) {
		fake_end(fake);
	} else if (opts->delay_ms > 0) {
		fake->timer = timer_add(run->env->loop, opts->delay_ms, fake_end, fake);
	}
}

static const char *fake_interrupted(struct check_run *run)
{
	check_evidence_add(&run->result, "address", str_of("192.0.2.1:80"));
	return "dreaming";
}

static void fake_explain(struct check_run *run)
{
	check_evidence_add(&run->result, "why", str_of("because"));
}

static void fake_release(struct check_run *run)
{
	struct fake_run *fake = run->state;
	const struct fake_opts *opts = run->opts;

	timer_free(&fake->timer);
	opts->seen->released++;
	opts->seen->running--;
}

static const struct check_value_row fake_values[] = {
	{.name = "load_percent", .unit = UNIT_PERCENT, .help = "load"},
	{.name = "disk_percent",
		.unit = UNIT_PERCENT,
		.has_instances = true,
		.help = "disks",
		.critical = "95"},
	{.name = "age_days", .unit = UNIT_DAYS, .help = "age"},
	{.name = "size_bytes", .unit = UNIT_BYTES, .help = "size"},
	{.name = "version", .unit = UNIT_TEXT, .help = "text"},
	{0},
};

const struct check_kind fake_kind = {
	.variant = {.name = "fake", .object = &fake_kind},
	.values = fake_values,
	.timeout_state = CHECK_CRITICAL,
	.start = fake_start,
	.interrupted = fake_interrupted,
	.explain = fake_explain,
	.release = fake_release,
};

const struct check_kind fake_kind_one_at_a_time = {
	.variant = {.name = "fake_one", .object = &fake_kind_one_at_a_time},
	.values = fake_values,
	.timeout_state = CHECK_UNKNOWN,
	.max_at_once = 1,
	.start = fake_start,
	.interrupted = fake_interrupted,
	.release = fake_release,
};
