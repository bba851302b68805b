/**
 * x[row] = word[ids[row]] · its step + position[positions[row]]: the token type's row is in the position table already.
 * The caller has checked ids and positions. `width` is a multiple of 8.
 */
export function embedRows(
  ids: usize,
  positions: usize,
  rows: i32,
  width: i32,
  words: usize,
  wordSteps: usize,
  positionTable: usize,
  x: usize,
): void {
  for (let row = 0; row < rows; row += 1) {
    const id = <usize>load<u32>(ids);
    const step = v128.load_splat<f32>(wordSteps + id * 4);
    let word = words + id * <usize>width;
    let position = positionTable + <usize>load<u32>(positions) * <usize>width * 4;
    for (const end = x + <usize>width * 4; x < end; x += 32) {
      const codes = v128.load_ext<i8>(word);
      const low = f32x4.convert_i32x4_s(i32x4.extend_low_i16x8_s(codes));
      const high = f32x4.convert_i32x4_s(i32x4.extend_high_i16x8_s(codes));
      v128.store(x, f32x4.add(f32x4.mul(low, step), v128.load(position)));
      v128.store(x, f32x4.add(f32x4.mul(high, step), v128.load(position, 16)), 16);
      word += 8;
      position += 32;
    }
    ids += 4;
    positions += 4;
  }
}
