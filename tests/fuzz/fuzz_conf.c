/*
 * Any text is a configuration, or has errors that can be printed and say where; every value that
 * was read has a place.
 */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include "../unit/support/conf_sample.h"
#include "claim.h"
#include "conf/conf.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char name[] = "fuzz.yaml";

static void check_errors(const struct conf *conf, const struct err *err)
{
	claim(conf->errors_count > 0 && conf->errors_count <= CONF_ERRORS_MAX);
	claim(conf->errors_dropped == 0 || conf->errors_count == CONF_ERRORS_MAX);
	claim(err->code != ERR_NONE && err->msg[0] != '\0');
	for (size_t i = 0; i < conf->errors_count; i++) {
		claim(str_starts(str_of(conf->errors[i]), name));
		claim(is_printable(str_of(conf->errors[i])));
	}
}

static void check_values(struct conf *conf, const struct sample *sample)
{
	claim(conf->errors_count == 0);
	conf_list_values(conf, sample_rows, sample);
	for (size_t i = 0; i < conf->values_count; i++) {
		const struct conf_value *value = &conf->values[i];

		claim(value->text != NULL);
		claim((value->origin == CONF_FILE) == (value->where != NULL));
		claim((value->origin == CONF_FILE) == (conf_where(conf, value->path) != NULL));
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct str text = str_n(size > 0 ? (const char *)data : "", size);
	struct sample sample;
	struct err err = {0};
	struct conf conf;

	(void)setenv("NAME", "5", 1);
	conf_init(&conf);
	conf.no_files = true;
	if (conf_read_text(&conf, name, "/nonexistent", text, sample_rows, &sample, &err) < 0) {
		check_errors(&conf, &err);
	} else {
		check_values(&conf, &sample);
	}
	conf_release(&conf);
	return 0;
}
