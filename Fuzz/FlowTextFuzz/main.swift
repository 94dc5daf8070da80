import OpenFlow

/// Feeds arbitrary bytes to the parsers of flows, of changes of the flow tables, of groups and of meters. What parses
/// must print as text that parses to the same value, and prints the same again.
@_cdecl("LLVMFuzzerTestOneInput")
public func testOneInput(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
    let bytes = UnsafeBufferPointer(start: start, count: count)
    let text = String(decoding: bytes, as: UTF8.self)
    let ports: [String: UInt32] = ["p1": 1]
    check { () throws(FlowTextError) in try FlowText.parseFlows(text, file: "fuzz", portNames: ports) } again: {
        (printed: String) throws(FlowTextError) in try FlowText.parseFlows(printed)
    }
    check { () throws(FlowTextError) in try FlowText.parseFlowMods(text, file: "fuzz", portNames: ports) } again: {
        (printed: String) throws(FlowTextError) in try FlowText.parseFlowMods(printed)
    }
    check { () throws(FlowTextError) in try GroupText.parseMods(text, file: "fuzz", portNames: ports) } again: {
        (printed: String) throws(FlowTextError) in try GroupText.parseMods(printed)
    }
    check { () throws(FlowTextError) in try MeterText.parseMods(text, file: "fuzz") } again: {
        (printed: String) throws(FlowTextError) in try MeterText.parseMods(printed)
    }
    return 0
}

/// Reads, prints, reads again and compares; a refusal must tell where and why.
private func check<Value: Equatable & CustomStringConvertible>(
    _ read: () throws(FlowTextError) -> [Value], again readAgain: (String) throws(FlowTextError) -> [Value]
) {
    let values: [Value]
    do {
        values = try read()
    } catch {
        precondition(error.line >= 1 && error.column >= 1 && !error.message.isEmpty)
        return
    }
    for value in values {
        let printed = value.description
        do {
            let again = try readAgain(printed)
            precondition(again == [value], "“\(printed)” reads back as “\(again)”")
            precondition(again[0].description == printed, "“\(printed)” prints again as “\(again[0])”")
        } catch {
            preconditionFailure("“\(printed)” does not read back: \(error)")
        }
    }
}
