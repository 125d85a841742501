/*
 * Making a command of a script.  See script_command.h.
 */
#include "fleet/script_command.h"

#include <string.h>

#include "base/escape.h"

/*
 * dd reads exactly that many bytes: in one go where it can, else one by one.  A here-document is a
 * pipe, or a file that is gone already, whichever the shell prefers; what a variable holds is not
 * looked at again in it.  The dot keeps empty lines at the end.
 */
static const char take_script[] =
	"f='dd bs=1 count='; dd iflag=fullblock count=0 </dev/null >/dev/null 2>&1 && "
	"f='dd iflag=fullblock count=1 bs='\n";

static int check(struct str script, struct err *err)
{
	if (script.len == 0) {
		return err_set(err, ERR_INPUT, "the script is empty");
	}
	if (script.len > SCRIPT_BYTES_MAX) {
		return err_set(
			err, ERR_LIMIT, "the script is over %d bytes", (int)SCRIPT_BYTES_MAX);
	}
	if (memchr(script.ptr, '\0', script.len)) {
		return err_set(err, ERR_INPUT,
			"the script is no text; a program has to be copied there first");
	}
	if (str_contains(str_sub(script, 0, str_find(script, '\n', 0) + 1), "\r\n")) {
		return err_set(err, ERR_INPUT,
			"the script's lines end as on Windows (\\r\\n), which no shell takes");
	}
	return 0;
}

/* As the kernel takes it: a program, and all the rest as one argument. */
static void add_interpreter(struct strbuf *out, struct str script)
{
	struct str line = str_sub(script, 0, str_find(script, '\n', 0));
	struct str program;

	if (!str_starts(line, "#!")) {
		strbuf_adds(out, "/bin/sh");
		return;
	}
	line = str_trim(str_sub(line, 2, line.len));
	if (!str_word(&line, &program)) {
		strbuf_adds(out, "/bin/sh");
		return;
	}
	escape_add_shell_word(out, program);
	line = str_trim(line);
	if (line.len > 0) {
		strbuf_addc(out, ' ');
		escape_add_shell_word(out, line);
	}
}

int script_command_add(struct strbuf *out, struct str script, const char *const *args,
	size_t args_count, struct err *err)
{
	if (check(script, err) < 0) {
		return -1;
	}
	strbuf_adds(out, take_script);
	strbuf_addf(out, "s=$(${f}%zu 2>/dev/null; echo .)\nexec ", script.len);
	add_interpreter(out, script);
	strbuf_adds(out, " /dev/fd/3");
	for (size_t i = 0; i < args_count; i++) {
		strbuf_addc(out, ' ');
		escape_add_shell_word(out, str_of(args[i]));
	}
	strbuf_adds(out, " 3<<END_OF_SCRIPT\n${s%.}\nEND_OF_SCRIPT\n");
	return 0;
}
