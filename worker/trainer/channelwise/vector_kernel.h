#pragma once

// A function so marked is compiled for several instruction sets, of which the one of the processor
// at hand is chosen when the program is loaded.
#define ARCHSWEEP_VECTOR_KERNEL __attribute__((target_clones("avx512f", "avx2", "default")))

// What such functions call must become part of them.
#define ARCHSWEEP_INLINE inline __attribute__((always_inline))
