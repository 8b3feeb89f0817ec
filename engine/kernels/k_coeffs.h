/* k_coeffs.h - the constants of exp and of the normal distribution's tail, shared by every
 * instruction set so that they compute the same bits. Constants only, no code.
 *
 * exp(x): n = round(x log2 e), r = x - n ln 2 in two steps (|r| <= 0.3475),
 *   exp(r) = 1 + r + r^2 (C2 + C3 r + ... + C6 r^4), times 2^n. Minimax fit, relative error 3.2e-9
 *   before rounding; measured in all: 8.5e-8 (tests/unit/test_kernels.c).
 * The lower end underflows to 0 and the upper one overflows to infinity, as they should.
 *
 * Q(t) = 1 - Phi(t), t >= 0:  exp(-t^2 / 2) s (G0 + G1 s + ... + G6 s^6), s = 1 / (1 + t / 4).
 *   Minimax fit weighted by t exp(-t^2 / 2); |x| Q(|x|) is off by at most 8.1e-10 before rounding.
 */
#ifndef XUXIE_ENGINE_KERNELS_K_COEFFS_H
#define XUXIE_ENGINE_KERNELS_K_COEFFS_H

#define EXP_LOWEST   (-105.0f)
#define EXP_HIGHEST  89.0f
#define EXP_LOG2_E   0x1.715476p+0f
#define EXP_TO_INT   0x1.8p+23f /* adding it leaves the nearest integer in the low bits */
#define EXP_LN2_HIGH 0x1.62e430p-1f
#define EXP_LN2_LOW  (-0x1.05c610p-29f)
#define EXP_C2       0x1.fffffcp-2f
#define EXP_C3       0x1.555490p-3f
#define EXP_C4       0x1.5558fap-5f
#define EXP_C5       0x1.123b68p-7f
#define EXP_C6       0x1.6a21b0p-10f

#define TAIL_FAR 12.5f /* the tail is below 1e-35 from here on: t stops growing */
#define TAIL_G0  0x1.9797ccp-4f
#define TAIL_G1  0x1.b8425ep-4f
#define TAIL_G2  0x1.36cce6p-5f
#define TAIL_G3  0x1.0c4b0cp-2f
#define TAIL_G4  (-0x1.01a2bp-2f)
#define TAIL_G5  0x1.57365ep-2f
#define TAIL_G6  (-0x1.72bb88p-4f)

/* gelu_tanh(x) = x / (1 + exp(-x (A + B x^2))):  A = 2 sqrt(2 / pi), B = 0.044715 A */
#define GELU_A 0x1.988454p+0f
#define GELU_B 0x1.2444f2p-4f

#endif
