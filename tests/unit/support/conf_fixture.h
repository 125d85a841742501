/*
 * A configuration to be read into the sample's struct, again and again.
 */
#ifndef TESTS_UNIT_SUPPORT_CONF_FIXTURE_H
#define TESTS_UNIT_SUPPORT_CONF_FIXTURE_H

#include <stdlib.h>

#include "base/strbuf.h"
#include "conf/conf.h"
#include "support/conf_sample.h"

struct conf_fixture {
	struct conf conf;
	struct sample sample;
	struct err err;
	struct strbuf errors; /* all of them, a line each */
};

static inline int conf_fixture_setup(void **state)
{
	struct conf_fixture *f = xcalloc(1, sizeof(*f));

	conf_init(&f->conf);
	strbuf_init(&f->errors, 0);
	(void)setenv("T_TIMEOUT", "7s", 1);
	(void)setenv("T_BAD", "soon", 1);
	(void)setenv("T_SECRET", "hunter2", 1);
	(void)unsetenv("T_UNSET");
	*state = f;
	return 0;
}

static inline int conf_fixture_teardown(void **state)
{
	struct conf_fixture *f = *state;

	conf_release(&f->conf);
	strbuf_release(&f->errors);
	free(f);
	return 0;
}

static inline void conf_fixture_reset(struct conf_fixture *f)
{
	conf_release(&f->conf);
	conf_init(&f->conf);
	memset(&f->sample, 0xff, sizeof(f->sample));
	f->err = (struct err){0};
}

static inline void conf_fixture_collect(struct conf_fixture *f)
{
	strbuf_clear(&f->errors);
	for (size_t i = 0; i < f->conf.errors_count; i++) {
		strbuf_addf(&f->errors, "%s\n", f->conf.errors[i]);
	}
}

/* Read a text as the file "c.yaml" in /etc/x. */
static inline int conf_fixture_read(struct conf_fixture *f, struct str text)
{
	int status;

	conf_fixture_reset(f);
	status = conf_read_text(
		&f->conf, "c.yaml", "/etc/x", text, sample_rows, &f->sample, &f->err);
	conf_fixture_collect(f);
	return status;
}

#endif
