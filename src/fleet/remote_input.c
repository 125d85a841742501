/*
 * See remote_input.h.
 */
#include "fleet/remote_input.h"

#include "fleet/supervisor.h"

enum { TYPED_BYTES = 16 * 1024 };

void remote_input_init(struct remote_input *input, struct str text)
{
	*input = (struct remote_input){.text = text};
}

void remote_input_add(struct remote_input *input, struct strbuf *out)
{
	while (!input->is_over && input->under_way < SUPERVISOR_CHUNKS_MAX &&
		input->sent < input->text.len) {
		struct str piece = str_sub(input->text, input->sent, SUPERVISOR_CHUNK_MAX);

		supervisor_add_input(out, piece);
		input->sent += piece.len;
		input->under_way++;
	}
	if (!input->is_over && input->sent == input->text.len) {
		supervisor_add_input_end(out);
		input->is_over = true;
	}
}

void remote_input_taken(struct remote_input *input)
{
	input->under_way -= input->under_way > 0;
}

void remote_input_add_typed(struct remote_input *input, struct strbuf *out)
{
	struct str piece = str_sub(input->text, input->sent, TYPED_BYTES);

	if (input->is_over) {
		return;
	}
	strbuf_addstr(out, piece);
	input->sent += piece.len;
	if (input->sent == input->text.len) {
		/* The first only ends the line, where that has not ended. */
		bool has_line = input->text.len > 0 && !str_ends(input->text, "\n");

		strbuf_adds(out, has_line ? "\x04\x04" : "\x04");
		input->is_over = true;
	}
}

void remote_input_close(struct remote_input *input)
{
	input->is_over = true;
}
