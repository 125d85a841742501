/*
 * What is made of an end that the supervisor did not tell.
 */
#include "base/alloc.h"
#include "cmocka_all.h"
#include "fleet/remote_judge.h"

static void assert_judged(const struct remote_judgement *judgement, struct strbuf *message,
	const char *text, bool may_be_running)
{
	struct strbuf out = STRBUF_INIT;
	struct outcome outcome = judgement->outcome;

	assert_null(outcome.message);
	outcome.message = message->len > 0 ? message->buf : NULL;
	outcome_add_text(&out, &outcome);
	assert_string_equal(out.buf, text);
	assert_int_equal(judgement->may_be_running, may_be_running);
	strbuf_release(&out);
	strbuf_clear(message);
}

static void closed(void **state)
{
	static const struct ssh_exec_end refused = {.outcome = SSH_EXEC_REFUSED, .text = "no"};
	static const struct ssh_exec_end gone = {.outcome = SSH_EXEC_LOST, .text = "broken"};
	static const struct ssh_exec_end nothing = {.outcome = SSH_EXEC_NO_STATUS, .text = ""};
	static const struct ssh_exec_end exit_7 = {
		.outcome = SSH_EXEC_EXITED, .exit_code = 7, .text = ""};
	static const struct ssh_exec_end killed = {
		.outcome = SSH_EXEC_SIGNALED, .signal_name = "KILL", .text = ""};
	static const struct {
		struct remote_facts facts; /* without words */
		const struct ssh_exec_end *end;
		const char *out, *err, *text;
		bool may_be_running;
	} cases[] = {
		{{.may_run = true}, &refused, "", "", "not started: no", false},
		{{.may_run = true}, &gone, "", "", "unreachable: broken", true},
		{{.may_run = false}, &gone, "", "", "unreachable: broken", false},
		{{.may_run = true, .has_clock_ended_it = true, .clock = CLOCK_TOTAL}, &gone, "", "",
			"timeout (total)", true},
		{{.may_run = true, .has_started = true}, &nothing, "", "",
			"unreachable: the host closed the channel without saying how it ended",
			true},
		{{.may_run = true, .has_started = true}, &exit_7, "", "", "exit 7", false},
		{{.may_run = true, .has_started = true}, &killed, "", "", "signal KILL", false},
		{{.may_run = true, .has_started = true, .is_stopped = true}, &exit_7, "", "",
			"signal KILL", false},
		{{.may_run = true, .has_started = true, .is_stopped = true, .has_tty = true},
			&exit_7, "", "", "exit 7", false},
		{{.may_run = true,
			 .has_started = true,
			 .is_stopped = true,
			 .has_clock_ended_it = true,
			 .clock = CLOCK_SILENCE},
			&killed, "", "", "timeout (silence)", false},
		{{.may_run = true, .is_stopped = true}, &exit_7, "x", "y",
			"not started: the run was interrupted", false},
		{{.may_run = true}, &exit_7, "x", "",
			"not started: the host did not start the command: x", false},
		{{.may_run = true}, &exit_7, "x", "y",
			"not started: the host did not start the command: y", false},
		{{.may_run = true}, &exit_7, "", "",
			"not started: the host did not start the command (exit code 7)", false},
		{{.may_run = true}, &killed, "", "",
			"not started: the host did not start the command (signal KILL)", false},
		{{.may_run = true}, &nothing, "", "",
			"not started: the host did not start the command", false},
		{{.has_sudo = true}, &exit_7, "x", "y", "not started: y", false},
		{{.has_sudo = true}, &exit_7, "x", "",
			"not started: the host did not start the command: x", false},
		{{.has_sudo = true, .has_tty = true}, &exit_7, "x", "", "not started: x", false},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct remote_facts facts = cases[i].facts;
		struct strbuf message = STRBUF_INIT;
		struct remote_judgement judgement;

		host_words_init(&facts.words);
		(void)host_words_add(&facts.words, SSH_STREAM_STDOUT, str_of(cases[i].out));
		(void)host_words_add(&facts.words, SSH_STREAM_STDERR, str_of(cases[i].err));
		judgement = remote_judge_closed(&facts, cases[i].end, &message);
		assert_judged(&judgement, &message, cases[i].text, cases[i].may_be_running);
		host_words_release(&facts.words);
		strbuf_release(&message);
	}
}

static void others(void **state)
{
	struct remote_facts facts = {.may_run = true, .has_sudo = true};
	struct strbuf message = STRBUF_INIT;
	struct remote_judgement judgement;

	(void)state;
	host_words_init(&facts.words);
	(void)host_words_add(&facts.words, SSH_STREAM_STDERR, str_of("Sorry.\n"));
	judgement = remote_judge_sudo(&facts, "why", &message);
	assert_judged(&judgement, &message, "not started: why: Sorry.", false);
	assert_int_equal(judgement.outcome.cause, CAUSE_SUDO_FAILED);
	judgement = remote_judge_other(&facts, &message);
	assert_judged(&judgement, &message,
		"not started: the host runs something else instead: Sorry.", false);
	judgement = remote_judge_late(&facts, CLOCK_CONNECT, &message);
	assert_judged(&judgement, &message,
		"timeout (connect): the host did not start the command: Sorry.", true);
	judgement = remote_judge_deaf(&facts, &message);
	assert_judged(&judgement, &message, "not started: the run was interrupted", true);
	facts.has_started = true;
	judgement = remote_judge_deaf(&facts, &message);
	assert_judged(
		&judgement, &message, "unreachable: it did not answer when it was stopped", true);
	facts.has_tty = true;
	judgement = remote_judge_deaf(&facts, &message);
	assert_judged(&judgement, &message,
		"unreachable: its terminal was hung up, and it was not seen to end", true);
	judgement = remote_judge_hung_up(&facts);
	assert_judged(&judgement, &message, "signal HUP", false);
	facts.has_clock_ended_it = true;
	facts.clock = CLOCK_TOTAL;
	judgement = remote_judge_deaf(&facts, &message);
	assert_judged(&judgement, &message, "timeout (total)", true);
	judgement = remote_judge_hung_up(&facts);
	assert_judged(&judgement, &message, "timeout (total)", false);
	host_words_release(&facts.words);
	strbuf_release(&message);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(closed),
		cmocka_unit_test(others),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
