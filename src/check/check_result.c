/*
 * Filling in and reading a result.  See check_result.h.
 */
#include "check/check_result.h"

#include <math.h>
#include <stdarg.h>
#include <stdlib.h>

#include "base/strbuf.h"
#include "base/utf8.h"
#include "base/vec.h"

struct check_value *check_value_add_instance(struct check_result *result, const char *name,
	const char *instance, enum check_unit unit, double number)
{
	struct check_value *value = VEC_PUSH_IN(result->arena, result, values);

	*value = (struct check_value){
		.name = name,
		.instance = instance,
		.unit = unit,
		.number = number,
		.min = NAN,
		.max = NAN,
	};
	return value;
}

struct check_value *check_value_add(
	struct check_result *result, const char *name, enum check_unit unit, double number)
{
	return check_value_add_instance(result, name, NULL, unit, number);
}

void check_value_add_text(struct check_result *result, const char *name, const char *text)
{
	check_value_add(result, name, UNIT_TEXT, NAN)->text = text;
}

static bool text_eq(const char *a, const char *b)
{
	return a == b || (a && b && strcmp(a, b) == 0);
}

struct check_value *check_value_find(
	const struct check_result *result, const char *name, const char *instance)
{
	for (size_t i = 0; i < result->values_count; i++) {
		struct check_value *value = &result->values[i];

		if (strcmp(value->name, name) == 0 && text_eq(value->instance, instance)) {
			return value;
		}
	}
	return NULL;
}

void check_value_add_key(const struct check_value *value, struct strbuf *out)
{
	strbuf_adds(out, value->name);
	if (value->instance) {
		strbuf_addf(out, "[%s]", value->instance);
	}
}

static struct check_evidence *evidence_find_or_add(struct check_result *result, const char *name)
{
	for (size_t i = 0; i < result->evidence_count; i++) {
		if (strcmp(result->evidence[i].name, name) == 0) {
			return &result->evidence[i];
		}
	}

	struct check_evidence *evidence = VEC_PUSH_IN(result->arena, result, evidence);

	evidence->name = name;
	return evidence;
}

static const char *safe_copy(struct check_result *result, struct str text)
{
	struct strbuf safe = STRBUF_INIT;
	const char *copy;

	utf8_add_escaped(&safe, text, EVIDENCE_TEXT_MAX);
	copy = arena_strndup(result->arena, safe.buf, safe.len);
	strbuf_release(&safe);
	return copy;
}

void check_evidence_add(struct check_result *result, const char *name, struct str text)
{
	struct check_evidence *evidence = evidence_find_or_add(result, name);

	evidence->texts_count = 0;
	*VEC_PUSH_IN(result->arena, evidence, texts) = safe_copy(result, text);
}

void check_evidence_append(struct check_result *result, const char *name, struct str text)
{
	struct check_evidence *evidence = evidence_find_or_add(result, name);

	evidence->is_list = true;
	*VEC_PUSH_IN(result->arena, evidence, texts) = safe_copy(result, text);
}

void check_evidence_addf(struct check_result *result, const char *name, const char *fmt, ...)
{
	struct strbuf text = STRBUF_INIT;
	va_list ap;

	va_start(ap, fmt);
	strbuf_vaddf(&text, fmt, ap);
	va_end(ap);
	check_evidence_add(result, name, strbuf_str(&text));
	strbuf_release(&text);
}
