/** GraphQL documents, one per operation; a request carries nothing that its operation does not need. */

const podFields = `
  id name imageName env ports containerDiskInGb volumeInGb volumeMountPath networkVolumeId gpuCount memoryInGb
  desiredStatus lastStatusChange podType costPerHr
  machine { gpuTypeId gpuDisplayName dataCenterId secureCloud }
  runtime { uptimeInSeconds }
`;

const volumeFields = "id name size dataCenterId";

export const operations = {
  authenticate: `query authenticate { myself { id } }`,
  account: `query account { myself { clientBalance currentSpendPerHr } }`,
  listPods: `query listPods { myself { pods { ${podFields} } } }`,
  findPod: `query findPod($input: PodFilter) { pod(input: $input) { ${podFields} } }`,
  podCost: `query podCost($input: PodFilter) { pod(input: $input) { costPerHr } }`,
  rentOnDemand: `mutation rentOnDemand($input: PodFindAndDeployOnDemandInput) {
    podFindAndDeployOnDemand(input: $input) { ${podFields} }
  }`,
  rentSpot: `mutation rentSpot($input: PodRentInterruptableInput!) {
    podRentInterruptable(input: $input) { ${podFields} }
  }`,
  editPod: `mutation editPod($input: PodEditJobInput!) { podEditJob(input: $input) { id } }`,
  resumePod: `mutation resumePod($input: PodResumeInput!) { podResume(input: $input) { id } }`,
  resumeSpotPod: `mutation resumeSpotPod($input: PodBidResumeInput!) { podBidResume(input: $input) { id } }`,
  stopPod: `mutation stopPod($input: PodStopInput!) { podStop(input: $input) { id } }`,
  terminatePod: `mutation terminatePod($input: PodTerminateInput!) { podTerminate(input: $input) }`,
  gpuTypes: `query gpuTypes {
    gpuTypes {
      id displayName memoryInGb maxGpuCount secureCloud communityCloud
      securePrice communityPrice secureSpotPrice communitySpotPrice
    }
  }`,
  dataCenters: `query dataCenters($secure: GpuAvailabilityInput, $community: GpuAvailabilityInput) {
    dataCenters {
      id listed
      secure: gpuAvailability(input: $secure) { gpuTypeId available }
      community: gpuAvailability(input: $community) { gpuTypeId available }
    }
  }`,
  storageDataCenters: `query storageDataCenters { dataCenters { id listed storageSupport } }`,
  listNetworkVolumes: `query listNetworkVolumes { myself { networkVolumes { ${volumeFields} } } }`,
  createNetworkVolume: `mutation createNetworkVolume($input: CreateNetworkVolumeInput!) {
    createNetworkVolume(input: $input) { ${volumeFields} }
  }`,
  updateNetworkVolume: `mutation updateNetworkVolume($input: UpdateNetworkVolumeInput!) {
    updateNetworkVolume(input: $input) { ${volumeFields} }
  }`,
  deleteNetworkVolume: `mutation deleteNetworkVolume($input: DeleteNetworkVolumeInput!) {
    deleteNetworkVolume(input: $input)
  }`,
  listRegistryAuths: `query listRegistryAuths { myself { containerRegistryCreds { id name } } }`,
  createRegistryAuth: `mutation createRegistryAuth($input: SaveRegistryAuthInput) {
    saveRegistryAuth(input: $input) { id name }
  }`,
  updateRegistryAuth: `mutation updateRegistryAuth($input: UpdateRegistryAuthInput) {
    updateRegistryAuth(input: $input) { id }
  }`,
  deleteRegistryAuth: `mutation deleteRegistryAuth($registryAuthId: String) {
    deleteRegistryAuth(registryAuthId: $registryAuthId)
  }`,
} as const;

export type OperationName = keyof typeof operations;
