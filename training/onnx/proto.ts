/**
 * A 64-bit integer of the file: a number when it is exact as one, else the protobuf library's pair of halves
 * (`INT64_MAX` as the open end of a Slice, for one), so that writing gives the same bytes back.
 */
export type Int64 = number | Int64Halves;

interface Int64Halves {
  readonly low: number;
  readonly high: number;
  readonly unsigned: boolean;
  toNumber(): number;
  toString(): string;
}

export interface ModelProto {
  irVersion: Int64;
  producerName: string;
  producerVersion: string;
  docString: string;
  graph: GraphProto;
  opsetImport: OperatorSetIdProto[];
  metadataProps: StringStringEntryProto[];
}

interface OperatorSetIdProto {
  /** Empty for the ONNX operators themselves. */
  domain: string;
  version: Int64;
}

export interface GraphProto {
  node: NodeProto[];
  name: string;
  initializer: TensorProto[];
  docString: string;
  input: ValueInfoProto[];
  output: ValueInfoProto[];
  valueInfo: ValueInfoProto[];
}

export interface NodeProto {
  /** Names of values; an empty name is an optional input that is not given. */
  input: string[];
  output: string[];
  name: string;
  opType: string;
  attribute: AttributeProto[];
  domain: string;
}

export interface AttributeProto {
  name: string;
  type: number;
  f: number;
  i: Int64;
  s: Uint8Array;
  t?: TensorProto | null;
  g?: GraphProto | null;
  floats: number[];
  ints: Int64[];
  strings: Uint8Array[];
  tensors: TensorProto[];
  graphs: GraphProto[];
}

export interface TensorProto {
  name: string;
  dims: Int64[];
  dataType: number;
  /** Little-endian elements. Empty when one of the typed fields below holds them. */
  rawData: Uint8Array;
  floatData: number[];
  int32Data: number[];
  int64Data: Int64[];
  doubleData: number[];
  uint64Data: Int64[];
  stringData: Uint8Array[];
  externalData: StringStringEntryProto[];
  dataLocation: number;
}

export interface ValueInfoProto {
  name: string;
  type?: TypeProto | null;
}

interface TypeProto {
  tensorType?: TensorTypeProto | null;
}

interface TensorTypeProto {
  elemType: number;
  shape?: { dim: DimensionProto[] } | null;
}

interface DimensionProto {
  dimValue?: Int64 | null;
  dimParam?: string | null;
}

export interface StringStringEntryProto {
  key: string;
  value: string;
}
