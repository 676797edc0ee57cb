package org.felucca.diff;

/**
 * What one layer may take.
 *
 * @param entries how many entries
 * @param bytes how many bytes when decompressed
 * @param ratio how many times as many bytes as compressed; only looked at beyond the first GiB
 * @param reserve how many bytes of disk are left free
 */
record LayerLimits(long entries, long bytes, long ratio, long reserve) {
  /** The ratio counts from here on: small bombs do no harm. */
  static final long RATIO_FREE = 1L << 30;

  static final LayerLimits DEFAULT = new LayerLimits(10_000_000, 1L << 40, 2000, 64L << 20);
}
