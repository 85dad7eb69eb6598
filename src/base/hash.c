/* hash.c: XXH64 for tables and random streams, SHA-256 (nettle's) for files.
 *
 * Both read bytes in a fixed order, so that a hash written on one machine is found again on
 * another. XXH64 as specified by Y. Collet (xxHash, doc/xxhash_spec.md). */
#include "base/base.h"

#include <string.h>

/* ---- XXH64 -------------------------------------------------------------------------------------
 */

#define PRIME_1 0x9E3779B185EBCA87u
#define PRIME_2 0xC2B2AE3D27D4EB4Fu
#define PRIME_3 0x165667B19E3779F9u
#define PRIME_4 0x85EBCA77C2B2AE63u
#define PRIME_5 0x27D4EB2F165667C5u

static uint64_t rotl64(uint64_t x, int n)
{
    return (x << n) | (x >> (64 - n));
}

static uint32_t load_le32(const uint8_t *p)
{
    return (uint32_t)p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16 | (uint32_t)p[3] << 24;
}

static uint64_t load_le64(const uint8_t *p)
{
    return (uint64_t)load_le32(p) | (uint64_t)load_le32(p + 4) << 32;
}

static uint64_t mix_lane(uint64_t acc, uint64_t lane)
{
    return rotl64(acc + lane * PRIME_2, 31) * PRIME_1;
}

static uint64_t merge_lane(uint64_t hash, uint64_t acc)
{
    return (hash ^ mix_lane(0, acc)) * PRIME_1 + PRIME_4;
}

/* Four lanes of 8 bytes side by side: the multiplications overlap in the processor. */
static uint64_t hash_stripes(const uint8_t *p, size_t n_stripes, uint64_t seed)
{
    uint64_t acc[4] = { seed + PRIME_1 + PRIME_2, seed + PRIME_2, seed, seed - PRIME_1 };
    uint64_t hash;

    for (; n_stripes > 0; n_stripes--, p += 32)
        for (int i = 0; i < 4; i++)
            acc[i] = mix_lane(acc[i], load_le64(p + (ptrdiff_t)8 * i));
    hash = rotl64(acc[0], 1) + rotl64(acc[1], 7) + rotl64(acc[2], 12) + rotl64(acc[3], 18);
    for (int i = 0; i < 4; i++)
        hash = merge_lane(hash, acc[i]);
    return hash;
}

/* The last bytes, fewer than a stripe. */
static uint64_t hash_tail(uint64_t hash, const uint8_t *p, size_t bytes)
{
    for (; bytes >= 8; bytes -= 8, p += 8)
        hash = rotl64(hash ^ mix_lane(0, load_le64(p)), 27) * PRIME_1 + PRIME_4;
    for (; bytes >= 4; bytes -= 4, p += 4)
        hash = rotl64(hash ^ load_le32(p) * PRIME_1, 23) * PRIME_2 + PRIME_3;
    for (; bytes > 0; bytes--, p++)
        hash = rotl64(hash ^ *p * PRIME_5, 11) * PRIME_1;
    return hash;
}

uint64_t fyi_hash64(const void *p, size_t bytes, uint64_t seed)
{
    const size_t n_stripes = bytes / 32;
    uint64_t hash = n_stripes > 0 ? hash_stripes(p, n_stripes, seed) : seed + PRIME_5;

    hash += bytes;
    if (bytes % 32 > 0)
        hash = hash_tail(hash, (const uint8_t *)p + n_stripes * 32, bytes % 32);
    hash = (hash ^ hash >> 33) * PRIME_2;
    hash = (hash ^ hash >> 29) * PRIME_3;
    return hash ^ hash >> 32;
}

/* ---- SHA-256 -----------------------------------------------------------------------------------
 */

void fyi_sha256_init(fyi_sha256 *s)
{
    sha256_init(&s->ctx);
}

void fyi_sha256_update(fyi_sha256 *s, const void *p, size_t bytes)
{
    if (bytes > 0)
        sha256_update(&s->ctx, bytes, p);
}

void fyi_sha256_hex(fyi_sha256 *s, char hex[65])
{
    uint8_t digest[SHA256_DIGEST_SIZE];

    sha256_digest(&s->ctx, sizeof(digest), digest);
    for (size_t i = 0; i < sizeof(digest); i++)
        snprintf(hex + 2 * i, 3, "%02x", digest[i]);
}
