/*
 * How a command with a terminal is stopped: nobody there can be told to end it, so its terminal is
 * hung up, and the host is asked on another channel whether anything is left of it.
 */
#include "fleet/remote_command_internal.h"

int64_t remote_terminal_hang_up_ms(const struct remote_command *command)
{
	return command->pid > 0 || !command->facts.may_run ? 0 : REMOTE_SLACK_MS;
}

static void on_looked(void *arg, bool is_gone)
{
	struct remote_command *command = arg;

	remote_command_enter(command);
	command->look = NULL; /* gone after this */
	if (is_gone) {
		remote_command_finish(command, remote_judge_hung_up(&command->facts), false);
	} else {
		remote_command_finish_deaf(command);
	}
	remote_command_leave(command);
}

/* The server hangs up the terminal of a channel that is closed. */
void remote_terminal_hang_up(struct remote_command *command)
{
	ssh_command_free(&command->channel);
	timer_stop(command->total);
	command->look = remote_look_start(
		command->login, command->pid, remote_command_grace_s(command), on_looked, command);
	remote_command_to(command, REMOTE_LOOKING);
}
