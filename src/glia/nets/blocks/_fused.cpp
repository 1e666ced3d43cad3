// max_pool(relu(batch_norm(x) + shortcut)) and its gradient over (B, H, W, C), channels last, float or bfloat16.
// Each pass reads memory once; the plain reference is tests/truth/test_fused_truth.py.
#include <cmath>
#include <cstdint>
#include <cstring>
#include <omp.h>
#include <vector>

struct half_t { uint16_t bits; };

// Sixteen channels at a time, in whatever registers the processor has.
constexpr int N = 16;
typedef float F __attribute__((vector_size(64)));
typedef int32_t I __attribute__((vector_size(64)));
typedef uint32_t U __attribute__((vector_size(64)));
typedef uint16_t S __attribute__((vector_size(32)));
typedef uint8_t Y __attribute__((vector_size(16)));

template <class V, class T>
static inline V read(const T* at, int n) {
    V out = {};
    if (n == N) std::memcpy(&out, at, N * sizeof(T));
    else std::memcpy(&out, at, n * sizeof(T));
    return out;
}
template <class V, class T>
static inline void write(T* at, V v, int n) {
    if (n == N) std::memcpy(at, &v, N * sizeof(T));
    else std::memcpy(at, &v, n * sizeof(T));
}
static inline F get(const float* at, int n) { return read<F>(at, n); }
static inline F get(const half_t* at, int n) { return (F)(__builtin_convertvector(read<S>(at, n), U) << 16); }
static inline void put(float* at, F v, int n) { write(at, v, n); }
static inline void put(half_t* at, F v, int n) {
    U wide = (U)v;
    // Nearest, ties to even; NaN stays NaN.
    U rounded = (wide + 0x7fff + ((wide >> 16) & 1)) >> 16;
    U lost = (U)(v != v);
    write(at, __builtin_convertvector((rounded & ~lost) | (lost & 0x7fc0), S), n);
}
static inline I picked(const uint8_t* at, int n) { return __builtin_convertvector(read<Y>(at, n), I); }
static inline void pick_at(uint8_t* at, I v, int n) { write(at, __builtin_convertvector((U)v, Y), n); }
static inline F where(I mask, F v) { return (F)((I)v & mask); }
static inline F either(I mask, F yes, F no) { return (F)(((I)yes & mask) | ((I)no & ~mask)); }

struct Sums {
    std::vector<float> part;
    std::vector<double> all;
    int C;
    explicit Sums(int C) : part(2 * (C + N)), all(2 * C, 0.0), C(C) {}
    float* first() { return part.data(); }
    float* second() { return part.data() + C + N; }
    void clear() { std::memset(part.data(), 0, part.size() * 4); }
    void flush() {
        for (int c = 0; c < C; c++) { all[c] += first()[c]; all[C + c] += second()[c]; }
    }
};

static inline void add(float* at, F v) {
    F old = read<F>(at, N);
    write(at, old + v, N);
}

template <class T>
static void stats_of(const T* x, long rows, int C, int threads, float* mean, float* var) {
    std::vector<double> all(2 * C, 0.0);
    std::vector<float> base(C + N);
    for (int c = 0; c < C; c += N) {  // shifting keeps a large mean from swallowing the spread
        F v = get(x + c, C - c < N ? C - c : N);
        write(base.data() + c, v, N);
    }
#pragma omp parallel num_threads(threads)
    {
        Sums own(C);
#pragma omp for schedule(static)
        for (long chunk = 0; chunk < (rows + 127) / 128; chunk++) {
            own.clear();
            long begin = chunk * 128, end = begin + 128 < rows ? begin + 128 : rows;
            for (int c = 0; c < C; c += N) {
                int n = C - c < N ? C - c : N;
                F b = read<F>(base.data() + c, N), s = {}, q = {};
                for (long r = begin; r < end; r++) {
                    F v = get(x + r * C + c, n) - b;
                    s += v;
                    q += v * v;
                }
                add(own.first() + c, s);
                add(own.second() + c, q);
            }
            own.flush();
        }
#pragma omp critical
        for (int c = 0; c < 2 * C; c++) all[c] += own.all[c];
    }
    for (int c = 0; c < C; c++) {
        double m = all[c] / rows, v = all[C + c] / rows - m * m;
        mean[c] = float(m + base[c]);
        var[c] = v != v ? float(v) : float(v > 0 ? v : 0);
    }
}

template <class T, int SIDE>
static void forward(const T* x, const T* shortcut, T* y, uint8_t* pick, const float* scale, const float* shift, int B,
                    int H, int W, int C, int pool, int relu, int threads) {
    const int P = SIDE ? SIDE : pool, h = H / P, w = W / P;
#pragma omp parallel for num_threads(threads) schedule(static)
    for (long line = 0; line < long(B) * h; line++) {
        long b = line / h, i = line % h;
        for (int j = 0; j < w; j++) {
            long to = ((b * h + i) * w + j) * C, corner = ((b * H + i * P) * W + j * P) * C;
            for (int c = 0; c < C; c += N) {
                int n = C - c < N ? C - c : N;
                F size = read<F>(scale + c, n), level = read<F>(shift + c, n), best = {};
                I at = {};
                for (int k = 0; k < P * P; k++) {
                    long from = corner + (long(k / P) * W + k % P) * C + c;
                    F v = get(x + from, n) * size + level;
                    if (shortcut) v += get(shortcut + from, n);
                    I more = k == 0 ? ~I{} : (v > best) | (v != v);
                    best = either(more, v, best);
                    at = (at & ~more) | (more & k);
                }
                if (relu) {
                    I none = best <= 0;
                    best = where(~none, best);
                    at = (at & ~none) | (none & 255);
                }
                put(y + to + c, best, n);
                pick_at(pick + to + c, at, n);
            }
        }
    }
}

template <class T, int SIDE>
static void backward(const T* dy, const T* x, const uint8_t* pick, T* dx, T* dshortcut, const float* weight,
                     const float* mean, const float* rstd, float* dweight, float* dbias, int B, int H, int W, int C,
                     int pool, int threads) {
    const int P = SIDE ? SIDE : pool, h = H / P, w = W / P;
    std::vector<double> all(2 * C, 0.0);
#pragma omp parallel num_threads(threads)
    {
        Sums own(C);
#pragma omp for schedule(static)
        for (long line = 0; line < long(B) * h; line++) {
            long b = line / h, i = line % h;
            own.clear();
            for (int c = 0; c < C; c += N) {
                int n = C - c < N ? C - c : N;
                F m = read<F>(mean + c, n), s = {}, q = {};
                for (int j = 0; j < w; j++) {
                    long to = ((b * h + i) * w + j) * C + c, corner = ((b * H + i * P) * W + j * P) * C + c;
                    F d = get(dy + to, n), value = {};
                    I at = picked(pick + to, n);
                    for (int k = 0; k < P * P; k++)
                        value = either(at == k, get(x + corner + (long(k / P) * W + k % P) * C, n) - m, value);
                    d = where(at != 255, d);
                    s += d;
                    q += d * value;
                }
                add(own.first() + c, s);
                add(own.second() + c, q);
            }
            own.flush();
        }
#pragma omp critical
        for (int c = 0; c < 2 * C; c++) all[c] += own.all[c];
    }
    std::vector<float> size(C), level(C), slope(C);
    double rows = double(B) * H * W;
    for (int c = 0; c < C; c++) {
        dbias[c] = float(all[c]);
        dweight[c] = float(all[C + c] * rstd[c]);
        size[c] = weight[c] * rstd[c];
        slope[c] = float(-size[c] * rstd[c] * rstd[c] * all[C + c] / rows);
        level[c] = float(-size[c] * all[c] / rows) - slope[c] * mean[c];
    }
    const float *zp = size.data(), *lp = level.data(), *op = slope.data();
#pragma omp parallel for num_threads(threads) schedule(static)
    for (long line = 0; line < long(B) * H; line++) {
        long b = line / H, i = line % H;
        for (int j = 0; j < W; j++) {
            bool outside = i / P >= h || j / P >= w;
            long from = (line * W + j) * C, to = outside ? 0 : ((b * h + i / P) * w + j / P) * C;
            int k = int(i % P) * P + j % P;
            for (int c = 0; c < C; c += N) {
                int n = C - c < N ? C - c : N;
                F d = outside ? F{} : where(picked(pick + to + c, n) == k, get(dy + to + c, n));
                if (dshortcut) put(dshortcut + from + c, d, n);
                put(dx + from + c, d * read<F>(zp + c, n) + read<F>(lp + c, n) + read<F>(op + c, n) * get(x + from + c, n), n);
            }
        }
    }
}

// Divisions by a side that the compiler knows cost nothing, others more than all the rest of a pixel.
#define CALL(WHAT, T, ...) (P == 1 ? WHAT<T, 1>(__VA_ARGS__) : P == 2 ? WHAT<T, 2>(__VA_ARGS__) : WHAT<T, 0>(__VA_ARGS__))

extern "C" {
void glia_stats(const void* x, long rows, int C, int half, int threads, float* mean, float* var) {
    if (half) stats_of((const half_t*)x, rows, C, threads, mean, var);
    else stats_of((const float*)x, rows, C, threads, mean, var);
}
void glia_forward(const void* x, const void* s, void* y, uint8_t* pick, const float* scale, const float* shift, int B,
                  int H, int W, int C, int P, int relu, int half, int threads) {
#define AS(T) CALL(forward, T, (const T*)x, (const T*)s, (T*)y, pick, scale, shift, B, H, W, C, P, relu, threads)
    half ? AS(half_t) : AS(float);
#undef AS
}
void glia_backward(const void* dy, const void* x, const uint8_t* pick, void* dx, void* ds, const float* weight,
                   const float* mean, const float* rstd, float* dweight, float* dbias, int B, int H, int W, int C,
                   int P, int half, int threads) {
#define AS(T)                                                                                                         \
    CALL(backward, T, (const T*)dy, (const T*)x, pick, (T*)dx, (T*)ds, weight, mean, rstd, dweight, dbias, B, H, W, C, \
         P, threads)
    half ? AS(half_t) : AS(float);
#undef AS
}
}
