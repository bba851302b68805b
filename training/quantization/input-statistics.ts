/**
 * What calibration texts showed of a value that feeds quantised matrix products: enough to choose how to quantise its
 * rows and to round the weights it meets.
 */
export interface InputStatistics {
  /** Columns of the value: its last dimension. */
  readonly width: number;
  /** Of all that was seen: one for the rows (tokens) of a text together, one for their mean. */
  readonly weight: number;
  /** Largest magnitude of each column. */
  readonly absMax: Float32Array;
  /** Mean of each column, every text alike. */
  readonly mean: Float64Array;
  /** Weighted sum over rows, and over means of texts, of x xᵀ: (width, width), row-major, symmetric. */
  readonly gram: Float64Array;
  /** Some of the rows, spread over the texts: (sampleRows, width). */
  readonly sample: Float32Array;
  readonly sampleRows: number;
}

/** Statistics by the name of the value. */
export type StatisticsByValue = ReadonlyMap<string, InputStatistics>;
