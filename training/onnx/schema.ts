import type { INamespace, IType } from "protobufjs/light.js";

/**
 * The messages of an ONNX file that we read or edit, as protobuf descriptors: field names and numbers of `onnx.proto`
 * (onnx.ai, IR version 13). What is not listed here (training info, functions, sparse tensors, what later versions add)
 * is kept as unknown fields and written back as it was.
 */
export const ONNX_SCHEMA: INamespace = {
  nested: {
    onnx: {
      nested: {
        ModelProto: message({
          irVersion: field("int64", 1),
          producerName: field("string", 2),
          producerVersion: field("string", 3),
          domain: field("string", 4),
          modelVersion: field("int64", 5),
          docString: field("string", 6),
          graph: field("GraphProto", 7),
          opsetImport: repeated("OperatorSetIdProto", 8),
          metadataProps: repeated("StringStringEntryProto", 14),
        }),
        GraphProto: message({
          node: repeated("NodeProto", 1),
          name: field("string", 2),
          initializer: repeated("TensorProto", 5),
          docString: field("string", 10),
          input: repeated("ValueInfoProto", 11),
          output: repeated("ValueInfoProto", 12),
          valueInfo: repeated("ValueInfoProto", 13),
        }),
        NodeProto: message({
          input: repeated("string", 1),
          output: repeated("string", 2),
          name: field("string", 3),
          opType: field("string", 4),
          attribute: repeated("AttributeProto", 5),
          docString: field("string", 6),
          domain: field("string", 7),
        }),
        AttributeProto: message({
          name: field("string", 1),
          f: field("float", 2),
          i: field("int64", 3),
          s: field("bytes", 4),
          t: field("TensorProto", 5),
          g: field("GraphProto", 6),
          floats: repeated("float", 7),
          ints: repeated("int64", 8),
          strings: repeated("bytes", 9),
          tensors: repeated("TensorProto", 10),
          graphs: repeated("GraphProto", 11),
          docString: field("string", 13),
          type: field("int32", 20),
          refAttrName: field("string", 21),
        }),
        TensorProto: message({
          dims: repeated("int64", 1),
          dataType: field("int32", 2),
          floatData: packed("float", 4),
          int32Data: packed("int32", 5),
          stringData: repeated("bytes", 6),
          int64Data: packed("int64", 7),
          name: field("string", 8),
          rawData: field("bytes", 9),
          doubleData: packed("double", 10),
          uint64Data: packed("uint64", 11),
          docString: field("string", 12),
          externalData: repeated("StringStringEntryProto", 13),
          dataLocation: field("int32", 14),
        }),
        ValueInfoProto: message({
          name: field("string", 1),
          type: field("TypeProto", 2),
          docString: field("string", 3),
        }),
        TypeProto: message({ tensorType: field("TensorTypeProto", 1), denotation: field("string", 6) }),
        TensorTypeProto: message({ elemType: field("int32", 1), shape: field("TensorShapeProto", 2) }),
        TensorShapeProto: message({ dim: repeated("DimensionProto", 1) }),
        DimensionProto: message({
          dimValue: field("int64", 1),
          dimParam: field("string", 2),
          denotation: field("string", 3),
        }),
        OperatorSetIdProto: message({ domain: field("string", 1), version: field("int64", 2) }),
        StringStringEntryProto: message({ key: field("string", 1), value: field("string", 2) }),
      },
    },
  },
};

type Fields = IType["fields"];

function message(fields: Fields): IType {
  // proto2: which fields are present, zeros included, is known and kept.
  return { edition: "proto2", fields };
}

function field(type: string, id: number): Fields[string] {
  return { type, id };
}

function repeated(type: string, id: number): Fields[string] {
  return { rule: "repeated", type, id, options: { packed: false } };
}

function packed(type: string, id: number): Fields[string] {
  return { rule: "repeated", type, id, options: { packed: true } };
}
