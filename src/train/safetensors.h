/* safetensors.h: what the reader, the writer and their tests share about the file format. */
#ifndef FYI_SAFETENSORS_H
#define FYI_SAFETENSORS_H

#include "tensor/tensor.h"

#include <ferry/train.h>

#define FYI_WEIGHTS_HEADER_LIMIT 100000000u /* the format's own */
#define FYI_WEIGHTS_META "__metadata__"

/* A file by Ferry begins its header with this text, 64 digits and a quote. The digits are the SHA-256 of
 * the whole file in which they themselves are zeros: no byte can change unseen. */
#define FYI_WEIGHTS_SEAL "{\"" FYI_WEIGHTS_META "\":{\"ferry.sha256\":\""
#define FYI_WEIGHTS_SEAL_DIGITS 64u

/* Parses a whole file in memory, which must outlive the result; `name` is for sentences. */
fy_status fyi_weights_parse(const char *name, const void *file, size_t bytes, fy_weights **out);

#endif
