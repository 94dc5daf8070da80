/// The name of each field that a flow can match on or an action can read or set.
///
/// `allCases` is in the order in which fields are printed.
public enum FieldID: UInt8, CaseIterable, Sendable, Hashable, BitwiseCopyable {
    case conjID
    case inPort, inPhyPort, metadata, tunnelID
    case reg0, reg1, reg2, reg3, reg4, reg5, reg6, reg7
    case reg8, reg9, reg10, reg11, reg12, reg13, reg14, reg15
    case xreg0, xreg1, xreg2, xreg3, xreg4, xreg5, xreg6, xreg7
    case xxreg0, xxreg1, xxreg2, xxreg3
    case actsetOutput
    case ethDst, ethSrc, ethType
    case vlanTCI, vlanVID, vlanPCP
    case pbbISID, pbbUCA
    case mplsLabel, mplsTC, mplsBOS, mplsTTL
    case ipDSCP, ipECN, ipProto, ipTTL, ipFrag
    case ipv4Src, ipv4Dst
    case ipv6Src, ipv6Dst, ipv6Label, ipv6ExtHdr
    case arpOp, arpSPA, arpTPA, arpSHA, arpTHA
    case tcpSrc, tcpDst, tcpFlags
    case udpSrc, udpDst
    case sctpSrc, sctpDst
    case icmpType, icmpCode
    case icmpv6Type, icmpv6Code, ndTarget, ndSLL, ndTLL
}
