/* hash.c: XXH64 for tables and random streams, SHA-256 for files.
 *
 * Both read bytes in a fixed order, so that a hash written on one machine is found again on
 * another. XXH64 as specified by Y. Collet (xxHash, doc/xxhash_spec.md); SHA-256 as in FIPS 180-4.
 */
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

/* The first 32 bits of the fractional parts of the cube roots of the first 64 primes. */
static const uint32_t sha_k[64] = {
    0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1, 0x923f82a4, 0xab1c5ed5,
    0xd807aa98, 0x12835b01, 0x243185be, 0x550c7dc3, 0x72be5d74, 0x80deb1fe, 0x9bdc06a7, 0xc19bf174,
    0xe49b69c1, 0xefbe4786, 0x0fc19dc6, 0x240ca1cc, 0x2de92c6f, 0x4a7484aa, 0x5cb0a9dc, 0x76f988da,
    0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7, 0xc6e00bf3, 0xd5a79147, 0x06ca6351, 0x14292967,
    0x27b70a85, 0x2e1b2138, 0x4d2c6dfc, 0x53380d13, 0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85,
    0xa2bfe8a1, 0xa81a664b, 0xc24b8b70, 0xc76c51a3, 0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070,
    0x19a4c116, 0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a, 0x5b9cca4f, 0x682e6ff3,
    0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208, 0x90befffa, 0xa4506ceb, 0xbef9a3f7, 0xc67178f2,
};

static uint32_t rotr32(uint32_t x, int n)
{
    return (x >> n) | (x << (32 - n));
}

static void sha_schedule(const uint8_t *block, uint32_t w[64])
{
    for (int i = 0; i < 16; i++, block += 4)
        w[i] = __builtin_bswap32(load_le32(block));
    for (int i = 16; i < 64; i++) {
        const uint32_t a = w[i - 15], b = w[i - 2];

        w[i] = w[i - 16] + w[i - 7] + (rotr32(a, 7) ^ rotr32(a, 18) ^ (a >> 3)) +
               (rotr32(b, 17) ^ rotr32(b, 19) ^ (b >> 10));
    }
}

static void sha_block(uint32_t h[8], const uint8_t *block)
{
    uint32_t w[64], v[8]; /* v: FIPS 180-4's a to h */

    sha_schedule(block, w);
    memcpy(v, h, sizeof(v));
    for (int i = 0; i < 64; i++) {
        const uint32_t s1 = rotr32(v[4], 6) ^ rotr32(v[4], 11) ^ rotr32(v[4], 25);
        const uint32_t choice = (v[4] & v[5]) ^ (~v[4] & v[6]);
        const uint32_t t1 = v[7] + s1 + choice + sha_k[i] + w[i];
        const uint32_t s0 = rotr32(v[0], 2) ^ rotr32(v[0], 13) ^ rotr32(v[0], 22);
        const uint32_t majority = (v[0] & v[1]) ^ (v[0] & v[2]) ^ (v[1] & v[2]);

        for (int k = 7; k > 0; k--) /* becomes renamed registers; a memmove stays one */
            v[k] = v[k - 1];
        v[4] += t1;
        v[0] = t1 + s0 + majority;
    }
    for (int i = 0; i < 8; i++)
        h[i] += v[i];
}

void fyi_sha256_init(fyi_sha256 *s)
{
    static const uint32_t first[8] = { 0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a,
                                       0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19 };

    *s = (fyi_sha256){ 0 };
    memcpy(s->h, first, sizeof(first));
}

void fyi_sha256_update(fyi_sha256 *s, const void *p, size_t bytes)
{
    const uint8_t *src = p;
    const size_t at = s->bytes % 64;

    if (bytes == 0)
        return;
    s->bytes += bytes;
    if (at > 0) {
        const size_t n = FYI_MIN(bytes, 64 - at);

        memcpy(s->block + at, src, n);
        if (at + n < 64)
            return;
        sha_block(s->h, s->block);
        src += n;
        bytes -= n;
    }
    for (; bytes >= 64; bytes -= 64, src += 64)
        sha_block(s->h, src);
    memcpy(s->block, src, bytes);
}

void fyi_sha256_hex(fyi_sha256 *s, char hex[65])
{
    static const uint8_t padding[64] = { 0x80 };
    const uint64_t bits = s->bytes * 8;
    uint8_t length[8];

    for (int i = 0; i < 8; i++)
        length[i] = (uint8_t)(bits >> (56 - 8 * i));
    fyi_sha256_update(s, padding, 1 + (119 - s->bytes % 64) % 64);
    fyi_sha256_update(s, length, sizeof(length));
    for (int i = 0; i < 8; i++)
        snprintf(hex + (ptrdiff_t)8 * i, 9, "%08x", s->h[i]);
}
