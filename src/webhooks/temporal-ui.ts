import { deliveryWorkflowId } from '../../workflows/contract.ts';

/** Where people look at workflows. */
export interface TemporalUi {
  url: string;
  namespace: string;
}

interface DeliveryKey {
  endpointId: number;
  eventId: string;
  redelivery: number;
}

export function deliveryUrl(ui: TemporalUi, { endpointId, eventId, redelivery }: DeliveryKey): string {
  return `${workflowsUrl(ui)}/${encodeURIComponent(deliveryWorkflowId(endpointId, eventId, redelivery))}`;
}

/** The list of an endpoint's failing deliveries. */
export function failingDeliveriesUrl(ui: TemporalUi, endpointId: number): string {
  const query = `MkEndpointId='${endpointId}' AND MkDeliveryStatus='retrying' AND ExecutionStatus='Running'`;
  return `${workflowsUrl(ui)}?query=${encodeURIComponent(query)}`;
}

const workflowsUrl = ({ url, namespace }: TemporalUi) => `${url}/namespaces/${namespace}/workflows`;
