/* json.h: a number as JSON has it. */
#ifndef FYI_TRAIN_JSON_H
#define FYI_TRAIN_JSON_H

/* null for what is not finite: JSON has no NaN. */
struct json_t *fyi_json_of(double v);

#endif
