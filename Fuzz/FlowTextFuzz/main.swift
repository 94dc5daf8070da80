import OpenFlow

/// Feeds arbitrary bytes to the parser of flow text. What parses must print as text that parses to the same flow, and
/// prints the same again.
@_cdecl("LLVMFuzzerTestOneInput")
public func testOneInput(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
    let bytes = UnsafeBufferPointer(start: start, count: count)
    let text = String(decoding: bytes, as: UTF8.self)
    let flows: [Flow]
    do {
        flows = try FlowText.parseFlows(text, file: "fuzz", portNames: ["p1": 1])
    } catch {
        precondition(error.line >= 1 && error.column >= 1 && !error.message.isEmpty)
        return 0
    }
    for flow in flows {
        let printed = flow.description
        do {
            let again = try FlowText.parseFlow(printed)
            precondition(again == flow, "“\(printed)” reads back as “\(again)”")
            precondition(again.description == printed, "“\(printed)” prints again as “\(again)”")
        } catch {
            preconditionFailure("“\(printed)” does not read back: \(error)")
        }
    }
    return 0
}
